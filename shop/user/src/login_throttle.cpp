#include "flotilla/shop/user/login_throttle.hpp"

#include <algorithm>
#include <chrono>

#include "flotilla/base/text.hpp"

namespace flotilla::shop::user {

namespace {

/// Longer e-mails cannot be anybody's; they share a bucket by their beginning.
constexpr std::size_t longest_key = 80;

std::string email_key(std::string_view email) {
    return "e:" + to_lower(email.substr(0, longest_key));
}

std::string address_key(std::string_view address) {
    return std::string("a:").append(address.substr(0, longest_key));
}

double in_refills(Duration span, Duration refill) {
    return static_cast<double>(span.count()) / static_cast<double>(refill.count());
}

/// Until there is a whole attempt again.
Duration wait_of(double attempts, Duration refill) {
    if (attempts >= 1) return {};
    return std::chrono::duration_cast<Duration>(refill * (1 - attempts));
}

}  // namespace

std::optional<Duration> LoginThrottle::enter(
    std::string_view email, std::string_view address, TimePoint now
) {
    if (!config_.enabled) return std::nullopt;
    const std::scoped_lock lock(mutex_);
    // There is room for both, so that the second does not push out the first.
    Bucket& of_email = bucket(email_key(email), config_.email_burst, config_.email_refill, now);
    Bucket& of_address = bucket(address_key(address), config_.address_burst, config_.address_refill, now);
    const Duration wait = std::max(
        wait_of(of_email.attempts, config_.email_refill), wait_of(of_address.attempts, config_.address_refill)
    );
    if (wait > Duration::zero()) return wait;
    of_email.attempts -= 1;
    of_address.attempts -= 1;
    return std::nullopt;
}

void LoginThrottle::give_back(std::string_view email, std::string_view address, TimePoint now) {
    if (!config_.enabled) return;
    const std::scoped_lock lock(mutex_);
    const auto add_one = [](Bucket& to, double burst) { to.attempts = std::min(burst, to.attempts + 1); };
    add_one(bucket(email_key(email), config_.email_burst, config_.email_refill, now), config_.email_burst);
    add_one(
        bucket(address_key(address), config_.address_burst, config_.address_refill, now),
        config_.address_burst
    );
}

std::size_t LoginThrottle::size() const {
    const std::scoped_lock lock(mutex_);
    return order_.size();
}

LoginThrottle::Bucket& LoginThrottle::bucket(std::string key, double burst, Duration refill, TimePoint now) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        order_.splice(order_.begin(), order_, found->second);
        Bucket& known = order_.front();
        known.attempts = std::min(burst, known.attempts + in_refills(now - known.at, refill));
        known.at = now;
        return known;
    }
    if (order_.size() >= config_.buckets) {
        by_key_.erase(order_.back().key);
        order_.pop_back();
    }
    order_.push_front({.key = std::move(key), .attempts = burst, .at = now});
    by_key_.emplace(order_.front().key, order_.begin());
    return order_.front();
}

}  // namespace flotilla::shop::user
