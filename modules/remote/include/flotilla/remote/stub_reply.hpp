#pragma once
/// What functions that stand in for a service return, as a call of the service returns it. For endpoint.hpp.

#include <concepts>
#include <type_traits>
#include <utility>

#include "flotilla/base/result.hpp"
#include "flotilla/remote/call_error.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::remote {

namespace detail {

template <class R>
Task<Reply<R>> at_once(Reply<R> reply) {
    co_return reply;
}

template <class R>
Task<Reply<R>> from_result(Task<Result<R>> task) {
    auto result = co_await std::move(task);
    if (!result) co_return std::unexpected(CallError(ErrorKind::invalid, result.error()));
    co_return std::move(*result);
}

/// Makes of what a stub or fallback returned what a call gives.
template <class R, class F, class... A>
Task<Reply<R>> reply_of(F& function, A&&... arguments) {
    using Returned = std::invoke_result_t<F&, A...>;
    if constexpr (std::same_as<Returned, Task<Reply<R>>>) {
        return function(std::forward<A>(arguments)...);
    } else if constexpr (std::same_as<Returned, Task<Result<R>>>) {
        return from_result<R>(function(std::forward<A>(arguments)...));
    } else if constexpr (std::same_as<Returned, Result<R>>) {
        auto result = function(std::forward<A>(arguments)...);
        if (!result) return at_once<R>(std::unexpected(CallError(ErrorKind::invalid, result.error())));
        return at_once<R>(std::move(*result));
    } else if constexpr (std::is_void_v<R>) {
        function(std::forward<A>(arguments)...);
        return at_once<R>({});
    } else {
        return at_once<R>(Reply<R>(function(std::forward<A>(arguments)...)));
    }
}

}  // namespace detail

}  // namespace flotilla::remote
