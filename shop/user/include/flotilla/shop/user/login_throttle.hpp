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

/// Keeps a bounded number of buckets of each kind. Only attempts that are let through are remembered, so that
/// nobody who is held up by his address can push out what is known of others. Safe on any thread.
class LoginThrottle {
public:
    explicit LoginThrottle(ThrottleConfig config);

    /// Nothing: go ahead. Otherwise nothing was taken, and the next attempt is possible after that time.
    [[nodiscard]] std::optional<Duration> enter(
        std::string_view email, std::string_view address, TimePoint now
    );

    /// The attempt was none: the password was good, or nobody looked at it.
    void give_back(std::string_view email, std::string_view address, TimePoint now);

    /// E-mails and addresses that are remembered.
    [[nodiscard]] std::size_t size() const;

private:
    /// Buckets of one kind; whoever has none has a full one.
    class Table {
    public:
        Table(std::size_t most, double burst, Duration refill)
            : most_(most), burst_(burst), refill_(refill) {}

        /// Until there is a whole attempt.
        [[nodiscard]] Duration wait(const std::string& key, TimePoint now) const;
        void take(std::string key, TimePoint now);
        void give_back(const std::string& key, TimePoint now);

        [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

    private:
        struct Bucket {
            std::string key;
            double attempts = 0;
            TimePoint at{};  ///< when that many were left
        };

        using Order = std::list<Bucket>;

        [[nodiscard]] double left(const Bucket& bucket, TimePoint now) const;
        void make_room(TimePoint now);

        const std::size_t most_;
        const double burst_;
        const Duration refill_;
        Order order_;  ///< the last used one first
        std::unordered_map<std::string_view, Order::iterator> by_key_;
    };

    const bool enabled_;
    mutable std::mutex mutex_;
    Table emails_;
    Table addresses_;
};

}  // namespace flotilla::shop::user
