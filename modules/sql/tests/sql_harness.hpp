#pragma once
// A runtime, a folder and a database for one test.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/sql/database.hpp"
#include "temporary_folder.hpp"

namespace flotilla::sql {

using test_support::TemporaryFolder;

inline Task<int> then_zero(Task<> body) {
    co_await std::move(body);
    co_return 0;
}

/// Runs a coroutine to its end, the way that main does.
inline void run_on_loop(const std::function<Task<>(runtime::Runtime&)>& body, std::size_t loops = 1) {
    runtime::Runtime runtime({.loops = loops, .blocking = {.threads = 1, .queue_capacity = 4}});
    runtime.run(then_zero(body(runtime)));
}

inline DataSourceConfig sqlite_config(const TemporaryFolder& folder) {
    DataSourceConfig config;
    config.url = "sqlite:" + folder.file("test.sqlite");
    return config;
}

/// The value; an error ends the test.
template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Gives the running task a deadline for a scope.
class WithDeadline {
public:
    explicit WithDeadline(Duration span) : former_(TaskContext::current().deadline) {
        TaskContext::current().deadline = Deadline::after(Clock::system().now(), span);
    }

    ~WithDeadline() { TaskContext::current().deadline = former_; }

    WithDeadline(const WithDeadline&) = delete;
    WithDeadline& operator=(const WithDeadline&) = delete;

private:
    Deadline former_;
};

/// Opens or throws, so that a test is not about opening.
inline Task<std::unique_ptr<Database>> open_or_throw(
    runtime::Runtime& runtime, DataSourceConfig config, Telemetry telemetry = {}
) {
    auto opened = co_await Database::open(runtime, std::move(config), telemetry);
    if (!opened) throw std::runtime_error(opened.error().message());
    co_return std::move(*opened);
}

}  // namespace flotilla::sql
