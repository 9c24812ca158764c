#pragma once
/// A cache of answers as RFC 9111 describes it, and RFC 5861 with stale answers. Pure: it is asked what to do
/// with a request, and told what came of it.
///
///     auto plan = cache.plan(request);
///     if (plan.stored && plan.step == CacheStep::serve) return plan.stored->answer(now)…
///     … send, with the fields of `plan.validators` …
///     auto outcome = cache.received(request, plan, answer);

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/client_response.hpp"
#include "flotilla/http/header_block.hpp"
#include "flotilla/remote/cache_control.hpp"
#include "flotilla/remote/settings.hpp"

namespace flotilla::remote {

/// What became of a request; the tag `result` of `http.client.cache`.
enum class CacheResult : std::uint8_t { hit, miss, stale, revalidated, bypass };

std::string_view to_text(CacheResult result) noexcept;

struct CacheRequest {
    std::string_view method;
    /// With the name of the service, so that any instance's answer serves.
    std::string_view uri;
    const http::HeaderBlock& headers;
};

/// A kept answer. Immutable once shared; a refresh makes another one.
struct StoredAnswer {
    using Line = std::pair<std::string, std::string>;

    int status = 200;
    std::string reason;
    std::vector<Line> fields;
    std::shared_ptr<const std::string> body;
    std::vector<Line> vary;  ///< the fields of the request that it was chosen by
    CacheControl control;
    std::string etag;
    std::string last_modified;
    TimePoint received;
    Duration initial_age{};
    Duration lifetime{};  ///< how long it is fresh

    [[nodiscard]] Duration age(TimePoint now) const noexcept { return initial_age + (now - received); }

    [[nodiscard]] Duration staleness(TimePoint now) const noexcept { return age(now) - lifetime; }

    /// As an answer, with its `Age`.
    [[nodiscard]] http::ClientResponse answer(TimePoint now) const;
    [[nodiscard]] std::size_t size() const noexcept;
};

using StoredPtr = std::shared_ptr<const StoredAnswer>;

enum class CacheStep : std::uint8_t {
    send,               ///< ask the service; what it says may be kept if the plan says so
    serve,              ///< `stored` is the answer
    serve_and_refresh,  ///< `stored` is the answer; ask the service meanwhile
    revalidate,         ///< ask whether `stored` is still right
    nothing_kept,       ///< `only-if-cached`, and nothing is: 504
};

struct CachePlan {
    CacheStep step = CacheStep::send;
    CacheResult result = CacheResult::bypass;
    StoredPtr stored{};
    /// To be added to the request: `If-None-Match`, `If-Modified-Since`.
    std::vector<StoredAnswer::Line> validators{};
    bool may_store = false;
    TimePoint asked{};
};

/// Thread-safe: a lock is held for look-ups and changes, never while an answer is on its way.
class HttpCache {
public:
    HttpCache(CacheSettings settings, const Clock& clock);

    CachePlan plan(const CacheRequest& request);

    /// What the caller gets when this answer came: the stored one after a 304; null when it is the answer
    /// itself. Keeps it, if it may be kept; forgets what a change of the resource has made wrong.
    struct Outcome {
        StoredPtr stored{};
        CacheResult result = CacheResult::miss;
    };

    Outcome received(const CacheRequest& request, const CachePlan& plan, const http::ClientResponse& answer);

    /// What may be served although the service cannot be reached, or says 5xx; null for nothing.
    StoredPtr instead_of_failure(const CacheRequest& request, const CachePlan& plan) const;

    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::size_t entries() const;
    void clear();

private:
    using Lru = std::list<std::pair<std::string, StoredPtr>>;  // the key, and a variant; last used first

    [[nodiscard]] bool may_store(
        const CacheRequest& request, const http::ClientResponse& answer, const CacheControl& control
    ) const;
    [[nodiscard]] StoredAnswer make(
        const CacheRequest& request, const CachePlan& plan, const http::ClientResponse& answer
    ) const;
    [[nodiscard]] bool may_serve_stale(const StoredAnswer& stored, const CacheControl& asked, TimePoint now)
        const noexcept;

    // Under mutex_.
    Lru::iterator find(const CacheRequest& request);
    void keep(const CacheRequest& request, StoredPtr answer);
    void forget(const std::string& key);
    void forget(Lru::iterator entry);

    const CacheSettings settings_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    Lru lru_;
    std::multimap<std::string, Lru::iterator, std::less<>> index_;
    std::size_t bytes_ = 0;
};

/// The URI as keys have it: scheme and host in lower case, no default port, no fragment; path and query stay.
std::string cache_key(std::string_view uri);

}  // namespace flotilla::remote
