#include "frame_memory.hpp"

#include <array>
#include <new>
#include <utility>

#include "flotilla/base/assert.hpp"
#include "flotilla/runtime/task.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FLOTILLA_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define FLOTILLA_SANITIZED 1
#endif
#endif

namespace flotilla::runtime {

namespace {

#ifdef FLOTILLA_SANITIZED
constexpr bool pooled = false;
#else
constexpr bool pooled = true;
#endif

constexpr std::size_t step = 64;
constexpr std::size_t largest = 4096;
constexpr std::size_t classes = largest / step + 1;

struct Free {
    Free* next;
};

/// All memory is the heap's, a multiple of `step` in size, so that it does not matter which thread frees it.
struct Lists {
    std::array<Free*, classes> of_class;
    std::size_t room;  // how much more may be kept; nothing where no loop runs
    std::size_t kept;
};

constinit thread_local Lists lists{};

constexpr std::size_t class_of(std::size_t size) noexcept {
    return (size + step - 1) / step;
}

}  // namespace

FrameMemory::FrameMemory() noexcept {
    FLT_ASSERT(lists.room == 0 && lists.kept == 0);
    lists.room = limit;
}

FrameMemory::~FrameMemory() {
    lists.room = lists.kept = 0;
    for (Free*& list : lists.of_class) {
        while (list) ::operator delete(std::exchange(list, list->next));
    }
}

bool FrameMemory::pools() noexcept {
    return pooled;
}

std::size_t FrameMemory::kept() noexcept {
    return lists.kept;
}

void* detail::allocate_frame(std::size_t size) {
    if (!pooled || size > largest) return ::operator new(size);
    const std::size_t index = class_of(size);
    Free* const first = lists.of_class[index];
    if (!first) return ::operator new(index * step);
    lists.of_class[index] = first->next;
    lists.room += index * step;
    lists.kept -= index * step;
    return first;
}

void detail::deallocate_frame(void* memory, std::size_t size) noexcept {
    const std::size_t index = class_of(size);
    if (!pooled || size > largest || lists.room < index * step) return ::operator delete(memory);
    lists.of_class[index] = new (memory) Free{lists.of_class[index]};
    lists.room -= index * step;
    lists.kept += index * step;
}

}  // namespace flotilla::runtime
