#include "flotilla/shop/catalog/kept_answers.hpp"

namespace flotilla::shop::catalog {

namespace {

/// Hundreds of them shall cost megabytes, whatever pages somebody asks for.
constexpr std::size_t largest_kept = 32 * 1024;

}  // namespace

KeptAnswers::KeptAnswers(const CacheConfig& config, const Clock& clock, metrics::Registry& registry)
    : clock_(clock), hits_(gets(registry, "hit")), misses_(gets(registry, "miss")) {
    if (config.type == CacheType::memory)
        store_.emplace(static_cast<std::size_t>(config.size), config.time_to_live);
}

KeptAnswers::Answer KeptAnswers::find(const std::string& key, std::uint64_t changes) {
    if (!store_) return nullptr;
    const auto found = store_->find(key, clock_.now());
    const bool good = found && *found && (**found)->changes == changes;
    (good ? hits_ : misses_).increment();
    return good ? **found : nullptr;
}

KeptAnswers::Answer KeptAnswers::keep(const std::string& key, KeptAnswer answer) {
    auto kept = std::make_shared<const KeptAnswer>(std::move(answer));
    // A store in memory does not fail.
    if (store_ && kept->body.size() <= largest_kept) (void)store_->store(key, kept, kept->asked_at);
    return kept;
}

metrics::Counter KeptAnswers::gets(metrics::Registry& registry, const char* result) {
    return registry.counter(
        "cache.gets",
        {{"cache", "catalog"}, {"result", result}},
        {.description = "Products and lists that were asked for, by whether they were at hand"}
    );
}

}  // namespace flotilla::shop::catalog
