#pragma once
/// What to answer when a call has failed.
///
///     Fallback<Orders> fallback;
///     fallback.on(*ErrorMatcher::of({"http.404"}), [](const Error&) { return Result<Orders>(Orders{}); })
///             .otherwise([](const Error&) { return cached_orders(); });
///     return fallback.recover(error);

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/resilience/errors.hpp"

namespace flotilla::resilience {

/// `fallback failed (after original)`, with the code of the first.
inline Error error_of_fallback(const Error& fallback, const Error& original) {
    return {fallback.code(), fallback.message() + " (after: " + original.message() + ")"};
}

/// `No fallback available.` and why one was needed.
inline Error no_fallback(const Error& original) {
    return {ResilienceErrc::no_fallback, "No fallback available. (after: " + original.message() + ")"};
}

/// Handlers by kind of error: the one whose names fit the closest is asked. Filled before use, then only
/// read.
template <class T>
class Fallback {
public:
    using Handler = std::function<Result<T>(const Error&)>;

    Fallback& on(ErrorMatcher errors, Handler handler) {
        handlers_.emplace_back(std::move(errors), std::move(handler));
        return *this;
    }

    Fallback& otherwise(Handler handler) {
        otherwise_ = std::move(handler);
        return *this;
    }

    [[nodiscard]] bool handles(const Error& error) const { return find(error) != nullptr; }

    /// The answer of the handler; the error itself when there is none; an error of the handler tells both.
    Result<T> recover(const Error& error) const {
        const Handler* handler = find(error);
        if (!handler) return std::unexpected(error);
        Result<T> answer = (*handler)(error);
        if (!answer) return std::unexpected(error_of_fallback(answer.error(), error));
        return answer;
    }

private:
    const Handler* find(const Error& error) const {
        const Handler* best = otherwise_ ? &otherwise_ : nullptr;
        int closest = 0;
        for (const auto& [errors, handler] : handlers_) {
            if (const int fits = errors.specificity(error); fits > closest) {
                closest = fits;
                best = &handler;
            }
        }
        return best;
    }

    std::vector<std::pair<ErrorMatcher, Handler>> handlers_;
    Handler otherwise_;
};

}  // namespace flotilla::resilience
