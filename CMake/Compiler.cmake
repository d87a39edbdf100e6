# SPDX-License-Identifier: Apache-2.0
# One place for what every target is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(DYAD_WARNINGS_AS_ERRORS "A warning stops the build" OFF)
set(DYAD_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize takes them")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast)
# g++ 12 warns of every field that a designated initialiser leaves at its default; that is the reason to use one.
add_compile_options(-Wno-missing-field-initializers)
# Sources that are compiled several at a time look to g++ as if they were headers.
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-subobject-linkage)
endif()
if(DYAD_WARNINGS_AS_ERRORS)
  add_compile_options(-Werror)
endif()
if(DYAD_SANITIZE)
  add_compile_options(-fsanitize=${DYAD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${DYAD_SANITIZE})
endif()

# libFuzzer wants coverage in everything it is to see into; tests/fuzz links its main() where it is wanted.
option(DYAD_FUZZ "Build the fuzz targets, too (clang only)" OFF)
if(DYAD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# ccache finds a source again although it begins with precompiled headers only if it is told that this is meant.
find_program(DYAD_CCACHE ccache)
if(DYAD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${DYAD_CCACHE}")
endif()

# Qt 6.4's moc stumbles over libstdc++'s <concepts>, which <compare> brings in; its include guard keeps moc out of it.
set(CMAKE_AUTOMOC_MOC_OPTIONS "-D_GLIBCXX_CONCEPTS")
