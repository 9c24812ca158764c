#pragma once
// How often a test asks the heap for memory: this file replaces operator new and delete, so one file of a
// program includes it. List that file in HEAP_TESTS: the sanitizers replace them themselves.

#include <cstddef>
#include <cstdlib>
#include <new>

namespace flotilla::testing {

/// Of the calling thread, since it began.
inline thread_local constinit std::size_t heap_allocations = 0;

}  // namespace flotilla::testing

void* operator new(std::size_t size) {
    ++flotilla::testing::heap_allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
