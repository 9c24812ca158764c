#pragma once
/// Decides whether a failed call is tried again, and when. The waiting is the caller's:
///
///     Retry::Attempts attempts = retry.start();
///     for (;;) {
///         auto answer = co_await send(request);
///         const auto again = answer ? attempts.succeeded(now()) : attempts.failed(answer.error(), now());
///         if (!again) co_return answer;
///         co_await sleep(*again);
///     }

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/backoff.hpp"
#include "flotilla/resilience/errors.hpp"
#include "flotilla/resilience/events.hpp"
#include "flotilla/resilience/retry_budget.hpp"

namespace flotilla::resilience {

struct RetryConfig {
    std::uint32_t max_attempts = 3;  ///< with the first call
    Backoff wait = Backoff::fixed(std::chrono::milliseconds(500));
    /// Instead of `wait`, given the number of the attempt that failed and its error (null: a bad result).
    /// Nothing ends the retries.
    std::function<std::optional<Duration>(std::uint32_t attempt, const Error* error)> interval{};
    ErrorMatcher retried{};  ///< every error unless there are names or `retry`
    ErrorMatcher ignored{};  ///< never, whatever else
    std::function<bool(const Error&)> retry{};
    std::function<bool(const Error&)> ignore{};
    /// Answers to be asked for again, such as `http.503`; whoever makes the call looks them up.
    ErrorMatcher retried_results{};
    /// Refusals of breakers, limiters and bulkheads are tried again too, as Resilience4j does.
    bool retry_not_permitted = false;
    /// A result that is still bad after the last attempt becomes an error: `exhausted()`.
    bool fail_after_max_attempts = false;
    std::size_t event_consumer_buffer_size = 100;

    [[nodiscard]] bool retries(const Error& error) const;
    [[nodiscard]] Result<void> check() const;
};

/// A retry policy with its counts. Shared by all calls to a target; safe from any thread.
class Retry {
public:
    class Attempts;

    struct Counts {
        std::uint64_t successful_without_retry = 0;
        std::uint64_t successful_with_retry = 0;
        std::uint64_t failed_without_retry = 0;  ///< not an error to retry
        std::uint64_t failed_with_retry = 0;     ///< no attempt left
    };

    explicit Retry(std::string name, RetryConfig config = {});

    /// Begins a call. With a budget, a retry that it refuses ends the call with the error it had.
    [[nodiscard]] Attempts start(RetryBudget* budget = nullptr, Deadline deadline = {});

    /// `Retry 'x' has exhausted all attempts (3)`
    [[nodiscard]] Error exhausted() const;

    [[nodiscard]] Counts counts() const noexcept;

    [[nodiscard]] const std::string& name() const noexcept { return events_.source(); }

    [[nodiscard]] const RetryConfig& config() const noexcept { return config_; }

    [[nodiscard]] Events& events() noexcept { return events_; }

    [[nodiscard]] const Events& events() const noexcept { return events_; }

private:
    RetryConfig config_;
    Events events_;
    std::atomic<std::uint64_t> successful_without_retry_{0};
    std::atomic<std::uint64_t> successful_with_retry_{0};
    std::atomic<std::uint64_t> failed_without_retry_{0};
    std::atomic<std::uint64_t> failed_with_retry_{0};
};

/// One call and its retries. The answers say how long to wait before the next attempt; nothing when the call
/// is over.
class Retry::Attempts {
public:
    std::optional<Duration> succeeded(TimePoint now);
    std::optional<Duration> failed(const Error& error, TimePoint now, Random& random = Random::of_thread());
    /// An answer came, but one that is to be asked for again.
    std::optional<Duration> bad_result(TimePoint now, Random& random = Random::of_thread());

    /// How many attempts have failed.
    [[nodiscard]] std::uint32_t failures() const noexcept { return failures_; }

    /// Whether the last answer was "no" because every attempt has been made.
    [[nodiscard]] bool exhausted() const noexcept { return failures_ >= retry_->config_.max_attempts; }

private:
    friend class Retry;

    Attempts(Retry& retry, RetryBudget* budget, Deadline deadline);

    std::optional<Duration> after_failure(const Error* error, TimePoint now, Random& random);
    std::optional<Duration> give_up(const Error* error, TimePoint now, std::atomic<std::uint64_t>* counter);

    Retry* retry_;
    RetryBudget* budget_;
    Deadline deadline_;
    std::uint32_t failures_ = 0;
    std::string last_error_;
    RetryBudget::Ticket call_;
    RetryBudget::Ticket attempt_;
};

}  // namespace flotilla::resilience
