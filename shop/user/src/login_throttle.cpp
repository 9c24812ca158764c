#include "flotilla/shop/user/login_throttle.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::shop::user {

namespace {

/// Longer e-mails cannot be anybody's; they share a bucket by their beginning.
constexpr std::size_t longest_key = 80;
/// Of so many that were used longest ago the fullest goes: it says the least.
constexpr int candidates = 8;

std::string email_key(std::string_view email) {
    return to_lower(email.substr(0, longest_key));
}

std::string address_key(std::string_view address) {
    return std::string(address.substr(0, longest_key));
}

}  // namespace

LoginThrottle::LoginThrottle(ThrottleConfig config)
    : enabled_(config.enabled),
      emails_(config.buckets, config.email_burst, config.email_refill),
      addresses_(config.buckets, config.address_burst, config.address_refill) {}

std::optional<Duration> LoginThrottle::enter(
    std::string_view email, std::string_view address, TimePoint now
) {
    if (!enabled_) return std::nullopt;
    std::string email_of = email_key(email);
    std::string address_of = address_key(address);
    const std::scoped_lock lock(mutex_);
    const Duration wait = std::max(addresses_.wait(address_of, now), emails_.wait(email_of, now));
    if (wait > Duration::zero()) return wait;
    addresses_.take(std::move(address_of), now);
    emails_.take(std::move(email_of), now);
    return std::nullopt;
}

void LoginThrottle::give_back(std::string_view email, std::string_view address, TimePoint now) {
    if (!enabled_) return;
    const std::string email_of = email_key(email);
    const std::string address_of = address_key(address);
    const std::scoped_lock lock(mutex_);
    emails_.give_back(email_of, now);
    addresses_.give_back(address_of, now);
}

std::size_t LoginThrottle::size() const {
    const std::scoped_lock lock(mutex_);
    return emails_.size() + addresses_.size();
}

double LoginThrottle::Table::left(const Bucket& bucket, TimePoint now) const {
    const Duration since = now - bucket.at;
    const double refilled = static_cast<double>(since.count()) / static_cast<double>(refill_.count());
    return std::min(burst_, bucket.attempts + refilled);
}

Duration LoginThrottle::Table::wait(const std::string& key, TimePoint now) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return {};
    const double attempts = left(*found->second, now);
    if (attempts >= 1) return {};
    return std::chrono::duration_cast<Duration>(refill_ * (1 - attempts));
}

void LoginThrottle::Table::take(std::string key, TimePoint now) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        order_.splice(order_.begin(), order_, found->second);
        Bucket& known = order_.front();
        known.attempts = left(known, now) - 1;
        known.at = now;
        return;
    }
    if (order_.size() >= most_) make_room(now);
    order_.push_front({.key = std::move(key), .attempts = burst_ - 1, .at = now});
    by_key_.emplace(order_.front().key, order_.begin());
}

void LoginThrottle::Table::give_back(const std::string& key, TimePoint now) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    Bucket& known = *found->second;
    known.attempts = std::min(burst_, left(known, now) + 1);
    known.at = now;
}

void LoginThrottle::Table::make_room(TimePoint now) {
    auto fullest = std::prev(order_.end());
    auto other = fullest;
    for (int i = 1; i < candidates && other != order_.begin(); ++i) {
        --other;
        if (left(*other, now) > left(*fullest, now)) fullest = other;
    }
    by_key_.erase(fullest->key);
    order_.erase(fullest);
}

}  // namespace flotilla::shop::user
