#pragma once
// Runs a coroutine to its end on a runtime with one loop, the way that main does.

#include <functional>
#include <utility>

#include "flotilla/runtime/runtime.hpp"

namespace flotilla::actuator {

inline Task<int> then_zero(Task<> body) {
    co_await std::move(body);
    co_return 0;
}

inline void run_on_loop(std::function<Task<>(runtime::Runtime&)> body) {
    runtime::Runtime runtime({.loops = 1, .blocking = {.threads = 4, .queue_capacity = 16}});
    runtime.run(then_zero(body(runtime)));
}

}  // namespace flotilla::actuator
