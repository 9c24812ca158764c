#pragma once
// Coroutines in tests that are none.

#include <cstddef>
#include <functional>
#include <utility>

#include "flotilla/runtime/runtime.hpp"

namespace flotilla::test_support {

inline Task<int> then_zero(Task<> body) {
    co_await std::move(body);
    co_return 0;
}

/// Runs a coroutine to its end on a runtime of its own, the way that main does.
inline void run_on_loop(const std::function<Task<>(runtime::Runtime&)>& body, std::size_t loops = 1) {
    runtime::Runtime runtime({.loops = loops, .blocking = {.threads = 4, .queue_capacity = 16}});
    runtime.run(then_zero(body(runtime)));
}

}  // namespace flotilla::test_support
