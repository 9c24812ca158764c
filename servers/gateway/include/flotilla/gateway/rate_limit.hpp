#pragma once
/// So many requests a second for each key: an address, a user, a header's value.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "flotilla/base/clock.hpp"
#include "flotilla/gateway/exchange.hpp"

namespace flotilla::gateway {

/// The key of a request, written to `room` when it has to be made; empty when it has none.
using KeyResolver = std::function<std::string_view(Exchange&, std::string& room)>;

struct RateLimitConfig {
    std::uint64_t replenish_rate = 1;    ///< requests a second
    std::uint64_t burst_capacity = 1;    ///< tokens that a key saves up
    std::uint64_t requested_tokens = 1;  ///< that a request costs
    std::size_t max_keys = 100'000;      ///< the least recently used one is forgotten
};

/// GCRA: a key's whole state is the time at which its bucket will be full. Sharded; safe from any thread.
class KeyedRateLimiter {
public:
    struct Decision {
        bool allowed = false;
        std::uint64_t remaining = 0;  ///< whole tokens left
        Duration retry_after{};       ///< until the request would be allowed
    };

    explicit KeyedRateLimiter(RateLimitConfig config);

    Decision ask(std::string_view key, TimePoint now);

    [[nodiscard]] const RateLimitConfig& config() const noexcept { return config_; }

    [[nodiscard]] std::size_t keys() const;

private:
    struct Entry {
        std::string key;
        std::int64_t full_at = 0;  ///< nanoseconds of the monotonic clock
    };

    struct alignas(64) Shard {
        mutable std::mutex mutex;
        std::list<Entry> entries;  // the most recently used first
        std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key;
    };

    static constexpr std::size_t shard_count = 16;

    RateLimitConfig config_;
    std::int64_t interval_;  // nanoseconds in which a token grows
    std::array<Shard, shard_count> shards_;
};

}  // namespace flotilla::gateway
