#pragma once
/// What can go wrong with a call to another service, as a value.
///
///     auto orders = co_await client.get_orders(user);
///     if (!orders && orders.error().kind() == ErrorKind::status && orders.error().status() == 404) …
///
/// A CallError is an Error, so a function that returns Result passes it on as it is; at the edge it becomes
/// 502, 503 or 504, never the other service's own status.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"

namespace flotilla::remote {

enum class ErrorKind : std::uint8_t {
    invalid,        ///< the request itself: a malformed URL, a header with a line break
    no_instance,    ///< nobody is registered under that name
    connect,        ///< no connection came about: nothing was sent
    tls,            ///< the handshake failed
    timeout,        ///< a time limit of the call
    deadline,       ///< the caller's own time is up
    reset,          ///< the connection broke
    status,         ///< an answer that says no
    decode,         ///< an answer that is not what was declared
    not_permitted,  ///< the circuit breaker is open
    rejected,       ///< too many calls at once, by the bulkhead or the rate limiter
    cancelled,
};

/// `no_instance`, `connect`, ...
std::string_view to_text(ErrorKind kind) noexcept;

class CallError : public Error {
public:
    /// The code decides what status a handler answers with that returns this error.
    CallError(ErrorKind kind, Error error) : Error(std::move(error)), kind_(kind) {}

    CallError(ErrorKind kind, std::string message);

    [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }

    /// Of the answer; 0 when there was none.
    [[nodiscard]] int status() const noexcept { return status_; }

    /// The answer's body, or the beginning of a long one.
    [[nodiscard]] const std::string& body() const noexcept { return body_; }

    /// How many times it was tried; 0 when nothing was sent.
    [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }

    /// The id of the instance that was asked last.
    [[nodiscard]] const std::string& instance() const noexcept { return instance_; }

    /// How long the service asked to be left alone: its `Retry-After`.
    [[nodiscard]] std::optional<Duration> retry_after() const noexcept { return retry_after_; }

    CallError& answered(int status, std::string body, std::optional<Duration> retry_after) {
        status_ = status;
        body_ = std::move(body);
        retry_after_ = retry_after;
        return *this;
    }

    CallError& tried(unsigned attempts, std::string_view instance) {
        attempts_ = attempts;
        instance_ = instance;
        return *this;
    }

private:
    ErrorKind kind_;
    int status_ = 0;
    unsigned attempts_ = 0;
    std::string body_;
    std::string instance_;
    std::optional<Duration> retry_after_;
};

/// What a call gives. Its `value()` throws for those who want exceptions.
template <class T>
using Reply = std::expected<T, CallError>;

/// The text of Feign's exceptions:
/// `[404 Not Found] during [GET] to [http://h/p] [OrderClient#getOrders(String)]: [body]`. A long body is
/// cut.
std::string status_message(
    int status,
    std::string_view reason,
    std::string_view method,
    std::string_view url,
    std::string_view key,
    std::string_view body
);

/// Of a `Retry-After` field: seconds (`3`, `3.0`) or a date; nothing for what is neither, or negative.
std::optional<Duration> parse_retry_after(std::string_view text, WallTime now);

}  // namespace flotilla::remote
