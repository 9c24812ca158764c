#include "flotilla/resilience/retry.hpp"

#include <utility>

namespace flotilla::resilience {

namespace {

void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

bool RetryConfig::retries(const Error& error) const {
    if (ignored.matches(error) || (ignore && ignore(error))) return false;
    if (error.code() == Errc::cancelled) return false;
    if (!retry_not_permitted && is_local_refusal(error)) return false;
    if (retried.empty() && !retry) return true;
    return retried.matches(error) || (retry && retry(error));
}

Result<void> RetryConfig::check() const {
    if (max_attempts < 1)
        return fail(Errc::invalid_argument, "maxAttempts must be greater than or equal to 1.");
    if (wait.initial < Duration::zero()) {
        return fail(Errc::invalid_argument, "waitDuration must be greater than or equal to 0.");
    }
    if (!(wait.multiplier > 0)) {
        return fail(Errc::invalid_argument, "exponentialBackoffMultiplier must be greater than 0.");
    }
    if (!(wait.random_factor >= 0) || wait.random_factor > 1) {
        return fail(Errc::invalid_argument, "randomizedWaitFactor must be between 0 and 1.");
    }
    if (event_consumer_buffer_size < 1) {
        return fail(Errc::invalid_argument, "eventConsumerBufferSize must be greater than or equal to 1.");
    }
    return {};
}

Retry::Retry(std::string name, RetryConfig config) : config_(std::move(config)), events_(std::move(name)) {}

Retry::Attempts Retry::start(RetryBudget* budget, Deadline deadline) {
    return Attempts(*this, budget, deadline);
}

Error Retry::exhausted() const {
    return {
        ResilienceErrc::retries_exhausted,
        "Retry '" + name() + "' has exhausted all attempts (" + std::to_string(config_.max_attempts) + ")"
    };
}

Retry::Counts Retry::counts() const noexcept {
    return {
        .successful_without_retry = successful_without_retry_.load(std::memory_order_relaxed),
        .successful_with_retry = successful_with_retry_.load(std::memory_order_relaxed),
        .failed_without_retry = failed_without_retry_.load(std::memory_order_relaxed),
        .failed_with_retry = failed_with_retry_.load(std::memory_order_relaxed),
    };
}

Retry::Attempts::Attempts(Retry& retry, RetryBudget* budget, Deadline deadline)
    : retry_(&retry), budget_(budget), deadline_(deadline) {
    if (budget_) call_ = budget_->call();
}

std::optional<Duration> Retry::Attempts::succeeded(TimePoint now) {
    attempt_.release();
    if (failures_ == 0) {
        count(retry_->successful_without_retry_);
    } else {
        count(retry_->successful_with_retry_);
        retry_->events_.publish(
            {.type = EventType::success, .at = now, .message = last_error_, .attempts = failures_}
        );
    }
    return std::nullopt;
}

std::optional<Duration> Retry::Attempts::failed(const Error& error, TimePoint now, Random& random) {
    attempt_.release();
    if (!retry_->config_.retries(error)) {
        count(retry_->failed_without_retry_);
        if (retry_->events_.wanted(EventType::ignored_error)) {
            retry_->events_.publish(
                {.type = EventType::ignored_error,
                 .at = now,
                 .message = error.message(),
                 .attempts = failures_}
            );
        }
        return std::nullopt;
    }
    return after_failure(&error, now, random);
}

std::optional<Duration> Retry::Attempts::bad_result(TimePoint now, Random& random) {
    attempt_.release();
    return after_failure(nullptr, now, random);
}

std::optional<Duration> Retry::Attempts::after_failure(const Error* error, TimePoint now, Random& random) {
    const RetryConfig& config = retry_->config_;
    ++failures_;
    if (retry_->events_.anything_wanted() && error) last_error_ = error->message();
    if (failures_ >= config.max_attempts) return give_up(error, now, &retry_->failed_with_retry_);

    const std::optional<Duration> wait =
        config.interval ? config.interval(failures_, error) : config.wait.wait(failures_, random);
    if (!wait || *wait < Duration::zero()) return give_up(error, now, nullptr);
    if (deadline_.left(now) <= *wait) return give_up(error, now, &retry_->failed_with_retry_);
    if (budget_) {
        attempt_ = budget_->try_retry();
        if (!attempt_) return give_up(error, now, &retry_->failed_with_retry_);
    }
    if (retry_->events_.wanted(EventType::retry)) {
        retry_->events_.publish(
            {.type = EventType::retry,
             .at = now,
             .duration = *wait,
             .message = last_error_,
             .attempts = failures_}
        );
    }
    return wait;
}

std::optional<Duration> Retry::Attempts::give_up(
    const Error* error, TimePoint now, std::atomic<std::uint64_t>* counter
) {
    if (counter) count(*counter);
    if (retry_->events_.wanted(EventType::error)) {
        std::string text = error ? error->message()
                                 : std::string("max retries is reached out for the result predicate check");
        retry_->events_.publish(
            {.type = EventType::error, .at = now, .message = std::move(text), .attempts = failures_}
        );
    }
    return std::nullopt;
}

}  // namespace flotilla::resilience
