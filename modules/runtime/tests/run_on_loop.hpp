#pragma once
// Runs a coroutine to its end on a runtime with one loop, the way that main does.

#include "flotilla/runtime/runtime.hpp"

namespace flotilla::runtime {

inline Task<int> then_zero(Task<> body) {
    co_await std::move(body);
    co_return 0;
}

inline void run_on_loop(std::function<Task<>(Runtime&)> body, std::size_t loops = 1) {
    Runtime runtime({.loops = loops, .blocking = {.threads = 2, .queue_capacity = 4}});
    runtime.run(then_zero(body(runtime)));
}

}  // namespace flotilla::runtime
