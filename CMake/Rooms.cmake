# SPDX-License-Identifier: Apache-2.0
# A room is a library under service/. The table says which rooms it may know; a header of any other
# room is not on its include path, so that a wrong #include stops the build.
set(DYAD_MAY_USE_base)
set(DYAD_MAY_USE_model base)
set(DYAD_MAY_USE_engine base model)
set(DYAD_MAY_USE_wire base model)
set(DYAD_MAY_USE_heart base model wire)
set(DYAD_MAY_USE_config base model)
set(DYAD_MAY_USE_platform base)
set(DYAD_MAY_USE_dns base model platform)
set(DYAD_MAY_USE_ports base model)
set(DYAD_MAY_USE_storage base model ports platform)
set(DYAD_MAY_USE_network base model dns ports platform)
set(DYAD_MAY_USE_agents base model dns ports platform)
set(DYAD_MAY_USE_alarms base model ports)
set(DYAD_MAY_USE_recorder base model engine ports)
set(DYAD_MAY_USE_control base model ports)
set(DYAD_MAY_USE_shell base model engine ports recorder)

# dyad_room(NAME [SOURCES file...] [ROOMS room...] [LIBRARIES target...])
#   ROOMS      the rooms it uses; each must be in its row of the table above
#   LIBRARIES  what it uses from outside
function(dyad_room name)
  cmake_parse_arguments(room "QT" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  foreach(used IN LISTS room_ROOMS)
    if(NOT used IN_LIST DYAD_MAY_USE_${name})
      message(FATAL_ERROR "the room '${name}' may not know the room '${used}' (CMake/Rooms.cmake)")
    endif()
  endforeach()

  # build/rooms/NAME/NAME is a link to the room's folder: the only way by which its headers are found.
  set(door "${CMAKE_BINARY_DIR}/rooms/${name}")
  file(MAKE_DIRECTORY "${door}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${door}/${name}" SYMBOLIC)

  if(room_SOURCES)
    add_library(dyad_${name} STATIC ${room_SOURCES})
    set(reach PUBLIC)
  else()
    add_library(dyad_${name} INTERFACE)
    set(reach INTERFACE)
  endif()
  target_include_directories(dyad_${name} ${reach} "${door}")
  list(TRANSFORM room_ROOMS PREPEND dyad_)
  target_link_libraries(dyad_${name} ${reach} ${room_ROOMS} ${room_LIBRARIES})
  if(room_QT)
    set_target_properties(dyad_${name} PROPERTIES AUTOMOC ON)
    target_compile_definitions(dyad_${name} PUBLIC QT_NO_KEYWORDS)
  endif()
endfunction()

# dyad_program(NAME SOURCES file... LIBRARIES target...)
function(dyad_program name)
  cmake_parse_arguments(program "QT" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${program_SOURCES})
  target_link_libraries(${name} PRIVATE ${program_LIBRARIES})
  if(program_QT)
    set_target_properties(${name} PROPERTIES AUTOMOC ON)
  endif()
endfunction()

# Everything that the unit and scenario tests need, and nothing of the lab: what the sanitizer builds are for.
add_custom_target(unit_tests)

# What is tested is built as it is installed; a test itself need not be quick, but to build. The words of Qt that would make
# the precompiled headers differ from one test to the next are taken away.
set(DYAD_TEST_OPTIONS -O0 -UQT_TESTCASE_BUILDDIR -UQT_TESTCASE_SOURCEDIR -DQT_NO_KEYWORDS -UQT_NETWORK_LIB -UQT_SQL_LIB)

# dyad_test_program(NAME): how every QtTest program is compiled, and where it is put.
function(dyad_test_program name)
  set_target_properties(${name} PROPERTIES AUTOMOC ON UNITY_BUILD OFF RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_link_libraries(${name} PRIVATE Qt6::Core Qt6::Test)
  target_compile_options(${name} PRIVATE ${DYAD_TEST_OPTIONS})
  target_precompile_headers(${name} REUSE_FROM dyad_test_prelude)
endfunction()

# dyad_unit_test(NAME SOURCES file... LIBRARIES target...): a QtTest program, run by ctest under the label "unit".
function(dyad_unit_test name)
  cmake_parse_arguments(test "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${test_SOURCES})
  target_link_libraries(${name} PRIVATE ${test_LIBRARIES})
  dyad_test_program(${name})
  add_dependencies(unit_tests ${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 600 ENVIRONMENT "QT_QPA_PLATFORM=offscreen")
endfunction()
