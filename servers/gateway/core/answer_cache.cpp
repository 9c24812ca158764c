#include "flotilla/gateway/answer_cache.hpp"

#include <algorithm>
#include <functional>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/http/http_date.hpp"
#include "flotilla/remote/cache_control.hpp"

namespace flotilla::gateway {

namespace {

using std::chrono::seconds;

remote::CacheControl control_of(const Headers& headers) {
    remote::CacheControl control;
    for (const std::string& value : headers.values("Cache-Control")) control.add(value);
    return control;
}

/// The names in all Vary fields, in lower case.
std::vector<std::string> varying(const Headers& answer) {
    std::vector<std::string> names;
    for (const std::string& value : answer.values("Vary"))
        for (const std::string_view name : split_list(value)) names.push_back(to_lower(name));
    return names;
}

std::string joined(const Headers& headers, std::string_view name) {
    return join(headers.values(name), ",");
}

std::uint64_t number_of(std::string_view uri) noexcept {
    return std::hash<std::string_view>()(uri);
}

class LocalResponseCache final : public Filter {
public:
    explicit LocalResponseCache(AnswerCacheConfig config) : cache_(std::make_shared<AnswerCache>(config)) {}

    void ask(RoutePolicies& policies) const override { policies.cache = cache_; }

    [[nodiscard]] std::string text() const override {
        return "LocalResponseCache timeToLive = " + format_duration(cache_->config().time_to_live);
    }

private:
    std::shared_ptr<AnswerCache> cache_;
};

}  // namespace

Result<AnswerCacheConfig> AnswerCacheConfig::read(const ComponentMeans& means) {
    AnswerCacheConfig config;
    if (!means.setting) return config;
    const std::string prefix = "filter.local-response-cache.";
    const auto applied = config.apply(means.setting(prefix + "time-to-live"), means.setting(prefix + "size"));
    if (!applied) return fail(applied.error().within("spring.cloud.gateway." + prefix));
    return config;
}

Result<void> AnswerCacheConfig::apply(std::string_view ttl, std::string_view size) {
    if (!ttl.empty()) {
        FLT_TRY(time_to_live, parse_duration(ttl));
    }
    if (!size.empty()) {
        FLT_TRY(const Bytes most, parse_bytes(size));
        most_bytes = most.count;
    }
    if (time_to_live <= Duration::zero() || most_bytes == 0)
        return fail(Errc::invalid_argument, "timeToLive and size must be more than nothing");
    longest_body = std::min(longest_body, most_bytes);
    return {};
}

std::string_view CachedAnswer::field(std::string_view name) const noexcept {
    for (const auto& [own, value] : fields)
        if (iequals(own, name)) return value;
    return {};
}

http::Validators CachedAnswer::validators(WallTime now) const {
    return {.etag = field("ETag"), .last_modified = http::parse_http_date(field("Last-Modified"), now)};
}

bool AnswerCache::concerns(std::string_view method, bool has_body, const Headers& sent) noexcept {
    if (method != "GET" || has_body) return false;
    for (const std::string_view name : {"Authorization", "Cookie", "Range", "Upgrade"})
        if (sent.contains(name)) return false;
    return !control_of(sent).no_store;
}

bool AnswerCache::wants_reload(const http::Fields& request) {
    const auto control = remote::CacheControl::of(request);
    return control.no_cache || control.max_age == seconds(0);
}

CachedPtr AnswerCache::find(std::string_view key, const Headers& sent) {
    const std::scoped_lock lock(mutex_);
    auto [at, end] = by_key_.equal_range(key);
    for (; at != end; ++at) {
        const CachedPtr& answer = at->second->answer;
        const bool fits = std::ranges::all_of(answer->vary, [&](const CachedAnswer::Line& line) {
            return joined(sent, line.first) == line.second;
        });
        if (!fits) continue;
        entries_.splice(entries_.begin(), entries_, at->second);
        return answer;
    }
    return nullptr;
}

bool AnswerCache::may_keep(int status, const Headers& answer) const {
    if (status != 200 && status != 301) return false;
    const auto control = control_of(answer);
    if (control.no_store || control.is_private || control.no_cache || answer.contains("Set-Cookie"))
        return false;
    if (control.s_maxage.value_or(control.max_age.value_or(seconds(1))) <= seconds(0)) return false;
    const auto names = varying(answer);
    return std::ranges::find(names, "*") == names.end();
}

CachedPtr AnswerCache::keep(
    const CacheSubject& subject,
    const Headers& sent,
    int status,
    const Headers& answer,
    std::string body,
    TimePoint now
) {
    if (!may_keep(status, answer) || body.size() > config_.longest_body) return nullptr;
    const auto control = control_of(answer);
    auto made = std::make_shared<CachedAnswer>();
    made->status = status;
    std::uint64_t size = subject.key.size() + body.size();
    answer.for_each([&](std::string_view name, std::string_view value) {
        if (iequals(name, "Age")) return;
        made->fields.emplace_back(name, value);
        size += name.size() + value.size();
    });
    made->body = std::make_shared<const std::string>(std::move(body));
    for (const std::string& name : varying(answer)) made->vary.emplace_back(name, joined(sent, name));
    made->kept = now;
    made->age_then = seconds(parse_integer<std::uint32_t>(answer.get("Age")).value_or(0));
    made->lifetime = config_.time_to_live;
    if (const auto given = control.s_maxage ? control.s_maxage : control.max_age)
        made->lifetime = std::min(made->lifetime, Duration(*given));
    const bool must = control.must_revalidate || control.proxy_revalidate;
    if (!must) {
        made->while_revalidate = control.stale_while_revalidate.value_or(seconds(0));
        made->if_error = control.stale_if_error.value_or(seconds(0));
    }

    const std::scoped_lock lock(mutex_);
    if (size > config_.most_bytes || mark_locked(subject) != subject.mark) return nullptr;
    auto [at, end] = by_key_.equal_range(subject.key);
    while (at != end) {
        const auto entry = at->second;
        ++at;
        if (entry->answer->vary == made->vary) forget(entry);
    }
    while (bytes_ + size > config_.most_bytes) forget(std::prev(entries_.end()));
    entries_.push_front({subject.key, {number_of(subject.outside), number_of(subject.inside)}, made, size});
    by_key_.emplace(entries_.front().key, entries_.begin());
    for (const std::uint64_t uri : entries_.front().uris) by_uri_.emplace(uri, entries_.begin());
    bytes_ += size;
    return made;
}

void AnswerCache::invalidate(std::string_view uri) {
    const std::uint64_t number = number_of(uri);
    const std::scoped_lock lock(mutex_);
    ++invalidations_[number % invalidations_.size()];
    for (auto at = by_uri_.find(number); at != by_uri_.end(); at = by_uri_.find(number)) forget(at->second);
}

std::uint64_t AnswerCache::mark(const CacheSubject& subject) const {
    const std::scoped_lock lock(mutex_);
    return mark_locked(subject);
}

std::uint64_t AnswerCache::mark_locked(const CacheSubject& subject) const noexcept {
    // Counts only grow: the sum stays as it is while both do.
    return invalidations_[number_of(subject.outside) % invalidations_.size()] +
           invalidations_[number_of(subject.inside) % invalidations_.size()];
}

void AnswerCache::forget(Entries::iterator entry) {
    const auto drop = [entry](auto& index, const auto& key) {
        const auto [begin, end] = index.equal_range(key);
        index.erase(std::find_if(begin, end, [&](const auto& one) { return one.second == entry; }));
    };
    drop(by_key_, entry->key);
    for (const std::uint64_t uri : entry->uris) drop(by_uri_, uri);
    bytes_ -= entry->size;
    entries_.erase(entry);
}

std::uint64_t AnswerCache::bytes() const {
    const std::scoped_lock lock(mutex_);
    return bytes_;
}

void detail::add_cache_filter(Components& to) {
    to.filter(
        "LocalResponseCache",
        {.order = {"timeToLive", "size"}, .optional = {"timeToLive", "size"}},
        [](const Arguments& args, const FilterScope& scope) -> Result<FilterPtr> {
            FLT_TRY(AnswerCacheConfig config, AnswerCacheConfig::read(scope.means));
            FLT_CHECK(config.apply(args.text("timeToLive"), args.text("size")));
            return std::make_shared<LocalResponseCache>(config);
        }
    );
}

}  // namespace flotilla::gateway
