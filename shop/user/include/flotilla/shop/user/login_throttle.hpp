#pragma once
/// Bounds how often somebody may try to log in: a bucket of attempts for each e-mail and for each address,
/// which refill with time. Only a wrong password takes one in the end: other attempts are given back.
///
///     if (const auto wait = throttle.enter(email, address, now)) return too_many_attempts(*wait);
///     …
///     if (good) throttle.give_back(email, address, now);

#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "flotilla/base/clock.hpp"
#include "flotilla/shop/user/user_config.hpp"

namespace flotilla::shop::user {

/// Keeps a bounded number of buckets; the one that was used longest ago goes first. Safe on any thread.
class LoginThrottle {
public:
    explicit LoginThrottle(ThrottleConfig config) : config_(config) {}

    /// Nothing: go ahead. Otherwise nothing was taken, and the next attempt is possible after that time.
    [[nodiscard]] std::optional<Duration> enter(
        std::string_view email, std::string_view address, TimePoint now
    );

    /// The attempt was none: the password was good, or nobody looked at it.
    void give_back(std::string_view email, std::string_view address, TimePoint now);

    [[nodiscard]] std::size_t size() const;

private:
    struct Bucket {
        std::string key;
        double attempts = 0;
        TimePoint at{};  ///< when that many were left
    };

    using Order = std::list<Bucket>;

    Bucket& bucket(std::string key, double burst, Duration refill, TimePoint now);

    const ThrottleConfig config_;
    mutable std::mutex mutex_;
    Order order_;  ///< the last used one first
    std::unordered_map<std::string_view, Order::iterator> by_key_;
};

}  // namespace flotilla::shop::user
