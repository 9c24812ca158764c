#include "flotilla/gateway/rate_limit.hpp"

#include <algorithm>

namespace flotilla::gateway {

KeyedRateLimiter::KeyedRateLimiter(RateLimitConfig config)
    : config_(config),
      interval_(static_cast<std::int64_t>(1'000'000'000 / std::max<std::uint64_t>(config.replenish_rate, 1))
      ) {}

KeyedRateLimiter::Decision KeyedRateLimiter::ask(std::string_view key, TimePoint now) {
    const std::int64_t at = now.time_since_epoch().count();
    Shard& shard = shards_[std::hash<std::string_view>()(key) % shard_count];
    const std::scoped_lock lock(shard.mutex);
    auto found = shard.by_key.find(key);
    if (found == shard.by_key.end()) {
        if (shard.entries.size() >= std::max<std::size_t>(config_.max_keys / shard_count, 1)) {
            shard.by_key.erase(shard.entries.back().key);
            shard.entries.pop_back();
        }
        shard.entries.push_front({std::string(key), at});
        found = shard.by_key.emplace(shard.entries.front().key, shard.entries.begin()).first;
    } else if (found->second != shard.entries.begin()) {
        shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
    }
    Entry& entry = *found->second;
    const std::int64_t room = interval_ * static_cast<std::int64_t>(config_.burst_capacity);
    const std::int64_t cost = interval_ * static_cast<std::int64_t>(config_.requested_tokens);
    const std::int64_t full_at = std::max(entry.full_at, at);
    const std::int64_t then = full_at + cost;
    const auto whole_tokens = [&](std::int64_t full) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(room - (full - at), 0) / interval_);
    };
    if (then - at > room)
        return {
            .allowed = false, .remaining = whole_tokens(full_at), .retry_after = Duration(then - at - room)
        };
    entry.full_at = then;
    return {.allowed = true, .remaining = whole_tokens(then), .retry_after = {}};
}

std::size_t KeyedRateLimiter::keys() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) {
        const std::scoped_lock lock(shard.mutex);
        count += shard.entries.size();
    }
    return count;
}

}  // namespace flotilla::gateway
