#include "flotilla/remote/http_cache.hpp"

#include <algorithm>
#include <array>

#include "flotilla/base/text.hpp"
#include "flotilla/http/http_date.hpp"
#include "flotilla/http/method.hpp"
#include "flotilla/http/url.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using Line = StoredAnswer::Line;

/// Of the time since the last change, so much is fresh when nobody says; at most a day.
constexpr int heuristic_part = 10;
constexpr Duration heuristic_most = 24h;

/// RFC 9110, 15.1, without 206: parts are not kept.
bool is_heuristically_cacheable(int status) noexcept {
    static constexpr std::array statuses = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
    return std::ranges::find(statuses, status) != statuses.end();
}

/// Belongs to one connection, or is told anew with each answer.
bool is_kept_field(std::string_view name) noexcept {
    static constexpr std::array<std::string_view, 9> dropped = {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "age",
        "proxy-authenticate"
    };
    return std::ranges::none_of(dropped, [&](auto other) { return iequals(other, name); });
}

CacheControl control_of(const http::HeaderBlock& headers) {
    CacheControl control;
    bool there = false;
    headers.for_each([&](std::string_view name, std::string_view value) {
        if (!iequals(name, "Cache-Control")) return;
        there = true;
        control.add(value);
    });
    if (!there && icontains(headers.find("Pragma"), "no-cache")) control.no_cache = true;
    return control;
}

/// All values of a request's field as one text, with the blanks that do not matter made equal.
std::string normalised(const http::HeaderBlock& headers, std::string_view wanted) {
    std::string all;
    headers.for_each([&](std::string_view name, std::string_view value) {
        if (!iequals(name, wanted)) return;
        for (const std::string_view part : split(value, ',')) {
            if (!all.empty()) all.push_back(',');
            bool blank = false;
            for (const char c : trim(part)) {
                if (c == ' ' || c == '\t') {
                    blank = true;
                    continue;
                }
                if (std::exchange(blank, false)) all.push_back(' ');
                all.push_back(c);
            }
        }
    });
    return all;
}

bool matches(const StoredAnswer& stored, const http::HeaderBlock& headers) {
    return std::ranges::all_of(stored.vary, [&](const Line& line) {
        return normalised(headers, line.first) == line.second;
    });
}

/// A failure that `stale-if-error` means.
bool is_failure(int status) noexcept {
    return status == 500 || status == 502 || status == 503 || status == 504;
}

}  // namespace

std::string_view to_text(CacheResult result) noexcept {
    static constexpr std::array<std::string_view, 5> texts = {
        "hit", "miss", "stale", "revalidated", "bypass"
    };
    return texts[static_cast<std::size_t>(result)];
}

std::string cache_key(std::string_view uri) {
    auto parsed = http::Url::parse(uri);
    if (!parsed) return std::string(uri);
    parsed->host = to_lower(parsed->host);
    if (parsed->port == (parsed->secure() ? 443 : 80) && !parsed->balanced) parsed->port = 0;
    return parsed->to_string();
}

HttpCache::HttpCache(CacheSettings settings, const Clock& clock) : settings_(settings), clock_(clock) {}

CachePlan HttpCache::plan(const CacheRequest& request) {
    CachePlan plan;
    plan.asked = clock_.now();
    const bool get = request.method == "GET";
    if (!get && request.method != "HEAD") return plan;
    // Who asks for a part or has conditions of his own gets what the service says.
    if (request.headers.contains("Range") || request.headers.contains("If-None-Match") ||
        request.headers.contains("If-Modified-Since") || request.headers.contains("If-Match"))
        return plan;
    const CacheControl asked = control_of(request.headers);
    plan.may_store = get && !asked.no_store;
    plan.result = plan.may_store ? CacheResult::miss : CacheResult::bypass;

    const std::lock_guard lock(mutex_);
    const auto entry = asked.no_store ? lru_.end() : find(request);
    if (entry == lru_.end()) {
        if (asked.only_if_cached) plan.step = CacheStep::nothing_kept;
        return plan;
    }
    lru_.splice(lru_.begin(), lru_, entry);
    plan.stored = entry->second;
    const StoredAnswer& stored = *plan.stored;
    const TimePoint now = plan.asked;
    const Duration age = stored.age(now);
    const Duration staleness = stored.staleness(now);
    const bool reload = asked.no_cache || (asked.max_age && (*asked.max_age == 0s || age > *asked.max_age));
    const bool must_ask =
        stored.control.no_cache || (reload && !(stored.control.immutable && staleness < 0ns));
    const bool fresh = staleness < 0ns && (!asked.min_fresh || -staleness >= *asked.min_fresh);
    if (!must_ask && fresh) {
        plan.step = CacheStep::serve;
        plan.result = CacheResult::hit;
        return plan;
    }
    if (!must_ask && may_serve_stale(stored, asked, now)) {
        plan.step = CacheStep::serve;
        plan.result = CacheResult::stale;
        return plan;
    }
    const bool forbidden = stored.control.must_revalidate ||
                           (settings_.shared && (stored.control.proxy_revalidate || stored.control.s_maxage));
    const auto grace = stored.control.stale_while_revalidate;
    if (asked.only_if_cached) {
        plan.step = CacheStep::nothing_kept;
        return plan;
    }
    plan.step = CacheStep::revalidate;
    if (!must_ask && !forbidden && grace && staleness <= *grace && !asked.min_fresh) {
        plan.step = CacheStep::serve_and_refresh;
        plan.result = CacheResult::stale;
    }
    // The tags of all variants: the service may choose another one than we would.
    std::string tags;
    for (auto [at, end] = index_.equal_range(entry->first); at != end; ++at) {
        const std::string& tag = at->second->second->etag;
        if (tag.empty()) continue;
        if (!tags.empty()) tags += ", ";
        tags += tag;
    }
    if (!tags.empty()) plan.validators.emplace_back("If-None-Match", std::move(tags));
    if (!stored.last_modified.empty())
        plan.validators.emplace_back("If-Modified-Since", stored.last_modified);
    return plan;
}

bool HttpCache::may_serve_stale(const StoredAnswer& stored, const CacheControl& asked, TimePoint now)
    const noexcept {
    if (!asked.max_stale && !asked.max_stale_any) return false;
    if (stored.control.must_revalidate) return false;
    if (settings_.shared && (stored.control.proxy_revalidate || stored.control.s_maxage)) return false;
    return asked.max_stale_any || stored.staleness(now) <= *asked.max_stale;
}

StoredPtr HttpCache::instead_of_failure(const CacheRequest& request, const CachePlan& plan) const {
    if (!plan.stored) return nullptr;
    const CacheControl asked = control_of(request.headers);
    const StoredAnswer& stored = *plan.stored;
    if (stored.control.must_revalidate || stored.control.no_cache || asked.no_cache) return nullptr;
    if (settings_.shared && (stored.control.proxy_revalidate || stored.control.s_maxage)) return nullptr;
    const auto patience =
        stored.control.stale_if_error ? stored.control.stale_if_error : asked.stale_if_error;
    if (!patience || stored.staleness(clock_.now()) > *patience) return nullptr;
    return plan.stored;
}

HttpCache::Outcome HttpCache::received(
    const CacheRequest& request, const CachePlan& plan, const http::ClientResponse& answer
) {
    const int status = answer.status();
    if (!http::is_safe(http::parse_method(request.method))) {
        if (status < 200 || status >= 400) return {.result = CacheResult::bypass};
        const std::lock_guard lock(mutex_);
        forget(cache_key(request.uri));
        const auto target = http::Url::parse(request.uri);
        for (const std::string_view name : {"Location", "Content-Location"}) {
            if (!target || answer.header(name).empty()) continue;
            const auto other = target->resolve(answer.header(name));
            if (other && iequals(other->host, target->host) && other->scheme == target->scheme &&
                other->port_or_default() == target->port_or_default())
                forget(cache_key(other->to_string()));
        }
        return {.result = CacheResult::bypass};
    }
    if (status == 304 && plan.stored && !plan.validators.empty()) {
        const std::lock_guard lock(mutex_);
        // The variant that the service means: by its tag, or the one that was asked about.
        StoredPtr chosen = plan.stored;
        const std::string_view tag = answer.header("ETag");
        for (auto [at, end] = index_.equal_range(cache_key(request.uri)); at != end; ++at) {
            if (!tag.empty() && at->second->second->etag == tag) chosen = at->second->second;
        }
        StoredAnswer renewed = make(request, plan, answer);
        renewed.status = chosen->status;
        renewed.reason = chosen->reason;
        renewed.body = chosen->body;
        for (const Line& line : chosen->fields) {
            const bool told_anew = std::ranges::any_of(renewed.fields, [&](const Line& other) {
                return iequals(other.first, line.first);
            });
            // Content-Length and the like speak of the body, which is the old one.
            if (told_anew && !istarts_with(line.first, "Content-")) continue;
            std::erase_if(renewed.fields, [&](const Line& other) {
                return istarts_with(other.first, "Content-") && iequals(other.first, line.first);
            });
            renewed.fields.push_back(line);
        }
        if (answer.header("Cache-Control").empty() && answer.header("Expires").empty()) {
            renewed.control = chosen->control;
            renewed.lifetime = chosen->lifetime;
        }
        if (renewed.etag.empty()) renewed.etag = chosen->etag;
        if (renewed.last_modified.empty()) renewed.last_modified = chosen->last_modified;
        if (renewed.vary.empty()) renewed.vary = chosen->vary;
        const auto kept = std::make_shared<const StoredAnswer>(std::move(renewed));
        keep(request, kept);
        return {.stored = kept, .result = CacheResult::revalidated};
    }
    if (is_failure(status)) {
        if (auto stale = instead_of_failure(request, plan))
            return {.stored = stale, .result = CacheResult::stale};
    }
    if (!plan.may_store) return {.result = plan.result};
    const CacheControl control = CacheControl::of(answer.fields());
    if (!may_store(request, answer, control)) {
        // What was kept may be wrong now.
        if (status < 500) {
            const std::lock_guard lock(mutex_);
            if (const auto entry = find(request); entry != lru_.end()) forget(entry);
        }
        return {.result = CacheResult::miss};
    }
    auto stored = std::make_shared<const StoredAnswer>(make(request, plan, answer));
    const std::lock_guard lock(mutex_);
    keep(request, std::move(stored));
    return {.result = CacheResult::miss};
}

bool HttpCache::may_store(
    const CacheRequest& request, const http::ClientResponse& answer, const CacheControl& control
) const {
    const int status = answer.status();
    if (status < 200 || status == 206 || status == 304) return false;
    if (control.no_store || (settings_.shared && control.is_private)) return false;
    for (const auto& field : answer.fields()) {
        if (iequals(field.name, "Vary") && field.value.find('*') != std::string_view::npos) return false;
    }
    if (settings_.shared && request.headers.contains("Authorization") && !control.is_public &&
        !control.s_maxage && !control.must_revalidate)
        return false;
    const bool explicitly = control.max_age || (settings_.shared && control.s_maxage) ||
                            answer.fields().contains("Expires") || control.is_public;
    if (!explicitly && !is_heuristically_cacheable(status)) return false;
    // An error that may be kept for some unknown time is kept by nobody's wish.
    if (!explicitly && !control.no_cache && answer.header("Last-Modified").empty() &&
        answer.header("ETag").empty())
        return false;
    return answer.body().size() <= settings_.max_entry.count;
}

StoredAnswer HttpCache::make(
    const CacheRequest& request, const CachePlan& plan, const http::ClientResponse& answer
) const {
    StoredAnswer stored;
    stored.status = answer.status();
    stored.reason = answer.reason();
    stored.control = CacheControl::of(answer.fields());
    stored.body = std::make_shared<const std::string>(answer.body());
    stored.received = clock_.now();
    for (const auto& field : answer.fields()) {
        if (is_kept_field(field.name)) stored.fields.emplace_back(field.name, field.value);
        if (!iequals(field.name, "Vary")) continue;
        for (const std::string_view name : split_list(field.value))
            stored.vary.emplace_back(to_lower(name), normalised(request.headers, name));
    }
    stored.etag = answer.header("ETag");
    stored.last_modified = answer.header("Last-Modified");

    const WallTime wall = clock_.wall_now();
    const WallTime date = http::parse_http_date(answer.header("Date"), wall).value_or(wall);
    const Duration apparent = std::max(Duration::zero(), Duration(wall - date));
    const auto told = parse_integer<std::int64_t>(trim(answer.header("Age"))).value_or(0);
    const Duration corrected =
        std::chrono::seconds(std::clamp<std::int64_t>(told, 0, std::int64_t{1} << 31)) +
        (stored.received - plan.asked);
    stored.initial_age = std::max(apparent, corrected);

    const CacheControl& control = stored.control;
    if (settings_.shared && control.s_maxage) {
        stored.lifetime = *control.s_maxage;
    } else if (control.max_age) {
        stored.lifetime = *control.max_age;
    } else if (answer.fields().contains("Expires")) {
        const auto expires = http::parse_http_date(answer.header("Expires"), wall);
        stored.lifetime = expires ? Duration(*expires - date) : Duration::zero();
    } else if (const auto changed = http::parse_http_date(stored.last_modified, wall)) {
        stored.lifetime =
            std::clamp(Duration(date - *changed) / heuristic_part, Duration::zero(), heuristic_most);
    }
    return stored;
}

HttpCache::Lru::iterator HttpCache::find(const CacheRequest& request) {
    auto best = lru_.end();
    for (auto [at, end] = index_.equal_range(cache_key(request.uri)); at != end; ++at) {
        const auto entry = at->second;
        if (!matches(*entry->second, request.headers)) continue;
        if (best == lru_.end() || best->second->received < entry->second->received) best = entry;
    }
    return best;
}

void HttpCache::keep(const CacheRequest& request, StoredPtr answer) {
    std::string key = cache_key(request.uri);
    for (auto [at, end] = index_.equal_range(key); at != end; ++at) {
        if (at->second->second->vary != answer->vary) continue;
        forget(at->second);
        break;
    }
    const std::size_t size = answer->size() + key.size();
    if (size > settings_.max_bytes.count) return;
    bytes_ += size;
    lru_.emplace_front(std::move(key), std::move(answer));
    index_.emplace(lru_.front().first, lru_.begin());
    while (bytes_ > settings_.max_bytes.count) forget(std::prev(lru_.end()));
}

void HttpCache::forget(const std::string& key) {
    for (auto at = index_.find(key); at != index_.end(); at = index_.find(key)) forget(at->second);
}

void HttpCache::forget(Lru::iterator entry) {
    for (auto [at, end] = index_.equal_range(entry->first); at != end; ++at) {
        if (at->second != entry) continue;
        index_.erase(at);
        break;
    }
    bytes_ -= entry->second->size() + entry->first.size();
    lru_.erase(entry);
}

std::size_t HttpCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

std::size_t HttpCache::entries() const {
    const std::lock_guard lock(mutex_);
    return lru_.size();
}

void HttpCache::clear() {
    const std::lock_guard lock(mutex_);
    index_.clear();
    lru_.clear();
    bytes_ = 0;
}

}  // namespace flotilla::remote
