#pragma once
// Runs a coroutine of a test on a runtime of one loop.

#include <functional>

#include "flotilla/runtime/runtime.hpp"

namespace flotilla::discovery {

inline void on_loop(const std::function<Task<>(runtime::Runtime&)>& body) {
    struct Main {
        static Task<int> run(
            runtime::Runtime* runtime, const std::function<Task<>(runtime::Runtime&)>* body
        ) {
            co_await (*body)(*runtime);
            co_return 0;
        }
    };

    runtime::Runtime runtime({.loops = 1, .blocking = {}});
    (void)runtime.run(Main::run(&runtime, &body));
}

}  // namespace flotilla::discovery
