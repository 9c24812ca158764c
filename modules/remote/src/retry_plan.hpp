#pragma once
// Whether a failed call is tried again, where and when: the balancer's retry and Feign's.

#include <cstdint>
#include <optional>

#include "flotilla/base/random.hpp"
#include "flotilla/remote/call_error.hpp"
#include "flotilla/remote/settings.hpp"

namespace flotilla::remote {

/// What may be done about a failure.
struct NextAttempt {
    Duration wait{};
    bool same_instance = false;
};

/// The attempts of one call; a value, stepped by whoever makes them. It knows nothing of budgets and
/// deadlines.
class RetryPlan {
public:
    /// One attempt.
    RetryPlan() = default;

    /// `spring.cloud.loadbalancer.retry`: the same instance again, then the next one.
    static RetryPlan balancer(const BalancerRetrySettings& settings, bool is_get, bool has_key) noexcept;
    /// `retry` of a client: Feign's Retryer.Default, whose first wait is one and a half periods.
    static RetryPlan feign(const RetrySettings& settings, bool replayable) noexcept;

    /// Nothing: that was the last one.
    std::optional<NextAttempt> after(const CallError& failure, Random& random);

    /// Whether answers of that status are failures to this plan.
    [[nodiscard]] bool retries_status(int status) const noexcept;

private:
    enum class Kind : std::uint8_t { none, balancer, feign };

    std::optional<NextAttempt> after_balanced(const CallError& failure, Random& random);
    std::optional<NextAttempt> after_feign(const CallError& failure) noexcept;

    Kind kind_ = Kind::none;
    const BalancerRetrySettings* balancer_ = nullptr;
    const RetrySettings* feign_ = nullptr;
    unsigned attempt_ = 1;
    unsigned on_same_ = 0;
    unsigned on_next_ = 0;
};

}  // namespace flotilla::remote
