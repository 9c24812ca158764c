#pragma once
/// Answers that are kept for everybody (RFC 9111, as a shared cache): the filter `LocalResponseCache`. Pure:
/// it is given the time, and sends nothing.

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/gateway/headers.hpp"
#include "flotilla/http/conditional.hpp"
#include "flotilla/http/fields.hpp"

namespace flotilla::gateway {

struct ComponentMeans;

struct AnswerCacheConfig {
    Duration time_to_live = std::chrono::minutes(5);  ///< never longer, whatever the service says
    std::uint64_t most_bytes = std::uint64_t{64} << 20;
    std::uint64_t longest_body = std::uint64_t{1} << 20;

    /// What `filter.local-response-cache.*` says, for the cache of all routes; a route's own begins with it.
    static Result<AnswerCacheConfig> read(const ComponentMeans& means);

    /// From what people write; empty texts leave it as it is.
    Result<void> apply(std::string_view time_to_live, std::string_view size);
};

/// A kept answer. Immutable.
struct CachedAnswer {
    using Line = std::pair<std::string, std::string>;

    int status = 200;
    std::vector<Line> fields;
    std::shared_ptr<const std::string> body;
    std::vector<Line> vary;  ///< the fields of the request that it was chosen by
    TimePoint kept{};
    Duration age_then{};
    Duration lifetime{};
    Duration while_revalidate{};
    Duration if_error{};

    [[nodiscard]] Duration age(TimePoint now) const noexcept { return age_then + (now - kept); }

    [[nodiscard]] bool fresh(TimePoint now) const noexcept { return age(now) < lifetime; }

    [[nodiscard]] bool stale_for(TimePoint now, Duration most) const noexcept {
        return age(now) < lifetime + most;
    }

    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
    [[nodiscard]] http::Validators validators(WallTime now) const;
};

using CachedPtr = std::shared_ptr<const CachedAnswer>;

/// What is asked for, as the cache knows it.
struct CacheSubject {
    std::string key;      ///< what an answer is found by
    std::string outside;  ///< its URI as clients have it
    std::string inside;   ///< ... and as the service has it: either may be invalidated
    /// From `AnswerCache::mark`: when the service was asked.
    std::uint64_t mark = 0;
};

/// Thread-safe: a lock is held for look-ups and changes.
class AnswerCache {
public:
    explicit AnswerCache(AnswerCacheConfig config) : config_(config) {}

    /// Whether the cache has anything to say of a request: nothing of one with a body, a credential or a
    /// range, and of no method but GET.
    static bool concerns(std::string_view method, bool has_body, const Headers& sent) noexcept;
    /// The client wants it from the service: what comes is kept all the same.
    static bool wants_reload(const http::Fields& request);

    /// Null when there is none that fits these fields.
    CachedPtr find(std::string_view key, const Headers& sent);
    /// What may be kept by status and fields, before the body is there.
    [[nodiscard]] bool may_keep(int status, const Headers& answer) const;
    /// Keeps it; null when it may not be kept after all, which is so when it has been invalidated since it
    /// was asked for.
    CachedPtr keep(
        const CacheSubject& subject,
        const Headers& sent,
        int status,
        const Headers& answer,
        std::string body,
        TimePoint now
    );

    /// Forgets all variants of what is kept for that URI (RFC 9111, 4.4), seen from either side; what has
    /// been asked for already will not be kept.
    void invalidate(std::string_view uri);
    /// For `subject.mark`, before the service is asked.
    [[nodiscard]] std::uint64_t mark(const CacheSubject& subject) const;

    /// Whether nothing was invalidated since then.
    [[nodiscard]] bool holds(const CacheSubject& subject) const { return mark(subject) == subject.mark; }

    [[nodiscard]] const AnswerCacheConfig& config() const noexcept { return config_; }

    [[nodiscard]] std::uint64_t bytes() const;

private:
    struct Entry {
        std::string key;
        std::array<std::uint64_t, 2> uris{};  ///< outside and inside, as numbers
        CachedPtr answer;
        std::uint64_t size = 0;
    };

    using Entries = std::list<Entry>;  // last used first

    void forget(Entries::iterator entry);
    [[nodiscard]] std::uint64_t mark_locked(const CacheSubject& subject) const noexcept;

    const AnswerCacheConfig config_;
    mutable std::mutex mutex_;
    Entries entries_;
    std::unordered_multimap<std::string_view, Entries::iterator> by_key_;
    // Two URIs of one number are forgotten together, which costs a request and no more.
    std::unordered_multimap<std::uint64_t, Entries::iterator> by_uri_;
    std::array<std::uint64_t, 256> invalidations_{};  // by the last octet of that number
    std::uint64_t bytes_ = 0;
};

}  // namespace flotilla::gateway
