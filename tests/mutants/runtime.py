# SPDX-License-Identifier: Apache-2.0
"""What the mutated programs carry with them."""

# Read by the parser only; see source.py.
PARSER_PRELUDE = "namespace dyad { void dyadCheck_(bool, const char*); }\n"
PRELUDE = """// Every mutant is an arm that this number chooses.
#pragma once
namespace dyad::mutants {
extern int chosen;
extern unsigned char* reached; // shared with children: some tests let their subject die in one
inline bool on(int number) {
    reached[number] = 1;
    return chosen == number;
}
}
#define DYAD_MUTANT(number) (::dyad::mutants::on(number))
"""
# Set before anything else is, because tables are filled while a program starts.
RUNTIME = """
#include <cstdlib>
#include <cstdio>
#include <sys/mman.h>
namespace dyad::mutants {
constexpr unsigned long count = %d;
unsigned char* reached = nullptr;
int chosen = 0;
__attribute__((constructor(101))) static void choose() {
    void* memory = mmap(nullptr, count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    reached = static_cast<unsigned char*>(memory);
    if (const char* number = std::getenv("DYAD_MUTANT")) chosen = std::atoi(number);
}
__attribute__((destructor)) static void tell() {
    const char* name = std::getenv("DYAD_MUTANTS_REACHED");
    std::FILE* file = name ? std::fopen(name, "wb") : nullptr;
    if (!file) return;
    std::fwrite(reached, 1, count, file);
    std::fclose(file);
}
}
"""
