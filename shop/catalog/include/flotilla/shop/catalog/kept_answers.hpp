#pragma once
/// Answers that are written out once and given to everybody who asks, until the catalog changes.
///
///     auto answer = kept.find(key, repository.changes());
///     if (!answer) answer = kept.keep(key, co_await read());

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/resilience/cache.hpp"
#include "flotilla/shop/catalog/catalog_config.hpp"

namespace flotilla::shop::catalog {

/// One as it was read, ready to be sent.
struct KeptAnswer {
    std::string body;
    std::string tag;
    WallTime changed{};
    /// Of a page: the last of its products when more come after it.
    std::string next{};
    /// From before it was read, so that whatever happened meanwhile makes it old.
    std::uint64_t changes = 0;
    TimePoint asked_at{};
};

/// Serves all loops. What this process changes is seen at once, what others change within the time to live.
class KeptAnswers {
public:
    using Answer = std::shared_ptr<const KeptAnswer>;

    KeptAnswers(const CacheConfig& config, const Clock& clock, metrics::Registry& registry);

    /// Nothing when there is none, or it is older than the last of `changes`.
    Answer find(const std::string& key, std::uint64_t changes);
    /// Gives it back, as all others get it.
    Answer keep(const std::string& key, KeptAnswer answer);

private:
    using Store = resilience::LruStore<std::string, Answer>;

    static metrics::Counter gets(metrics::Registry& registry, const char* result);

    const Clock& clock_;
    std::optional<Store> store_;
    metrics::Counter hits_;
    metrics::Counter misses_;
};

}  // namespace flotilla::shop::catalog
