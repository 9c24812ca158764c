#include "retry_plan.hpp"

#include <algorithm>
#include <cmath>

namespace flotilla::remote {

namespace {

/// An I/O failure, which Java retries.
bool is_io_failure(ErrorKind kind) noexcept {
    return kind == ErrorKind::connect || kind == ErrorKind::tls || kind == ErrorKind::timeout ||
           kind == ErrorKind::reset;
}

/// To try again would be to ask ourselves again.
bool is_final(ErrorKind kind) noexcept {
    return kind == ErrorKind::invalid || kind == ErrorKind::no_instance || kind == ErrorKind::deadline ||
           kind == ErrorKind::not_permitted || kind == ErrorKind::rejected || kind == ErrorKind::cancelled;
}

}  // namespace

RetryPlan RetryPlan::balancer(const BalancerRetrySettings& settings, bool is_get, bool has_key) noexcept {
    RetryPlan plan;
    if (!settings.enabled || (!is_get && !has_key && !settings.retry_on_all_operations)) return plan;
    plan.kind_ = Kind::balancer;
    plan.balancer_ = &settings;
    return plan;
}

RetryPlan RetryPlan::feign(const RetrySettings& settings, bool replayable) noexcept {
    RetryPlan plan;
    if (settings.max_attempts <= 1 || (!replayable && !settings.all_methods)) return plan;
    plan.kind_ = Kind::feign;
    plan.feign_ = &settings;
    return plan;
}

bool RetryPlan::retries_status(int status) const noexcept {
    return kind_ == Kind::balancer && std::ranges::find(balancer_->retryable_status_codes, status) !=
                                          balancer_->retryable_status_codes.end();
}

std::optional<NextAttempt> RetryPlan::after(const CallError& failure, Random& random) {
    switch (kind_) {
        case Kind::none:
            return std::nullopt;
        case Kind::balancer:
            return after_balanced(failure, random);
        case Kind::feign:
            return after_feign(failure);
    }
    return std::nullopt;
}

std::optional<NextAttempt> RetryPlan::after_balanced(const CallError& failure, Random& random) {
    const ErrorKind kind = failure.kind();
    const bool retryable =
        is_io_failure(kind) || (kind == ErrorKind::status && retries_status(failure.status())) ||
        (balancer_->retry_on_all_exceptions && !is_final(kind) && kind != ErrorKind::status);
    if (!retryable) return std::nullopt;
    NextAttempt next;
    if (on_same_ < balancer_->max_retries_on_same_service_instance) {
        ++on_same_;
        next.same_instance = true;
    } else if (on_next_ < balancer_->max_retries_on_next_service_instance) {
        ++on_next_;
        on_same_ = 0;
    } else {
        return std::nullopt;
    }
    const auto& backoff = balancer_->backoff;
    if (backoff.enabled) {
        const double grown = static_cast<double>(backoff.min_backoff.count()) * std::pow(2.0, attempt_ - 1);
        const double wait = std::min(grown, static_cast<double>(backoff.max_backoff.count()));
        const double dice = 1.0 + backoff.jitter * (2.0 * random.unit() - 1.0);
        next.wait =
            std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(wait * dice));
    }
    ++attempt_;
    return next;
}

std::optional<NextAttempt> RetryPlan::after_feign(const CallError& failure) noexcept {
    const bool retryable = is_io_failure(failure.kind()) ||
                           (failure.kind() == ErrorKind::status && failure.retry_after().has_value());
    if (!retryable || attempt_ >= feign_->max_attempts) return std::nullopt;
    // As Retryer.Default counts: up first, then the interval; whole milliseconds.
    ++attempt_;
    const auto most = static_cast<double>(feign_->max_period.count());
    double wait = std::floor(static_cast<double>(feign_->period.count()) * std::pow(1.5, attempt_ - 1));
    if (failure.retry_after())
        wait = static_cast<double>(std::chrono::ceil<Milliseconds>(*failure.retry_after()).count());
    return NextAttempt{.wait = Milliseconds(static_cast<std::int64_t>(std::min(wait, most)))};
}

}  // namespace flotilla::remote
