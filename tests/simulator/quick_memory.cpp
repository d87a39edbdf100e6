// SPDX-License-Identifier: Apache-2.0
// operator new for dyad-sim. A life makes and drops some four thousand small things, and malloc() was a seventh of its
// time. This program has one thread, so a list of free blocks for each size is enough. Not for the tests, and not where
// a sanitizer watches the memory.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t step = 16; // also what stands in front of each block: its list
constexpr std::size_t lists = 33;
constexpr std::size_t stock = 256 * 1024;
constexpr std::uint64_t large = 0; // the list of what malloc() gave

struct Free {
    Free* next;
};
constinit Free* freeBlocks[lists] = {};
constinit char* fresh = nullptr;
constinit std::size_t left = 0;

void* withList(void* block, std::uint64_t list) {
    if (!block) throw std::bad_alloc();
    *static_cast<std::uint64_t*>(block) = list;
    return static_cast<char*>(block) + step;
}

} // namespace

void* operator new(std::size_t bytes) {
    const std::size_t list = bytes / step + 1; // room for at least `bytes`
    if (list >= lists) return withList(std::malloc(bytes + step), large);
    if (Free* block = freeBlocks[list]) {
        freeBlocks[list] = block->next;
        return block;
    }
    const std::size_t size = (list + 1) * step;
    if (left < size) {
        fresh = static_cast<char*>(std::malloc(stock));
        left = fresh ? stock : 0;
    }
    char* block = fresh;
    if (block) {
        fresh += size;
        left -= size;
    }
    return withList(block, list);
}

void operator delete(void* what) noexcept {
    if (!what) return;
    char* block = static_cast<char*>(what) - step;
    const std::uint64_t list = *reinterpret_cast<std::uint64_t*>(block);
    if (list == large) return std::free(block);
    freeBlocks[list] = new (what) Free{freeBlocks[list]};
}

void operator delete(void* what, std::size_t /*bytes*/) noexcept { operator delete(what); }
