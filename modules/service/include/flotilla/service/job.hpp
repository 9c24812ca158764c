#pragma once
/// Work that a service does by itself: at a time, at its start, at its end.

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include "flotilla/base/result.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::service {

/// A function without parameters that returns nothing, a Result<void>, or a Task of either.
///
/// A coroutine runs on the first event loop, so it must not block. A plain function may: it runs on the
/// blocking pool.
class Job {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, Job> && std::invocable<F&>)
    Job(F function) {  // NOLINT(google-explicit-constructor): a function is a job
        using Returned = std::invoke_result_t<F&>;
        if constexpr (std::same_as<Returned, Task<Result<void>>>) {
            coroutine_ = std::move(function);
        } else if constexpr (std::same_as<Returned, Task<>>) {
            coroutine_ = [function = std::move(function)]() mutable { return without_result(function()); };
        } else if constexpr (std::same_as<Returned, Result<void>>) {
            plain_ = std::move(function);
        } else {
            static_assert(std::is_void_v<Returned>, "a job returns nothing, a Result<void>, or a Task of it");
            plain_ = [function = std::move(function)]() mutable {
                function();
                return Result<void>();
            };
        }
    }

    [[nodiscard]] bool blocks() const noexcept { return static_cast<bool>(plain_); }

    /// One of the two is set.
    [[nodiscard]] const std::function<Result<void>()>& plain() const noexcept { return plain_; }

    [[nodiscard]] const std::function<Task<Result<void>>()>& coroutine() const noexcept { return coroutine_; }

private:
    static Task<Result<void>> without_result(Task<> task) {
        co_await std::move(task);
        co_return Result<void>();
    }

    std::function<Result<void>()> plain_;
    std::function<Task<Result<void>>()> coroutine_;
};

}  // namespace flotilla::service
