// A route whose answers are kept: served from here, fetched by one for all, or stale when the service is not
// well.

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/task_context.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/base/url_text.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "journey.hpp"

namespace flotilla::gateway {

namespace {

using std::chrono::milliseconds;

/// How long a request waits for another one that fetches the same.
constexpr Duration patience = std::chrono::seconds(10);
/// How long a service may take behind the clients' backs when nobody has said it.
constexpr milliseconds usual_limit{10'000};

milliseconds refresh_limit(const RouteTimes& times, const proxy::ProxyConfig& client) {
    milliseconds limit = client.response_timeout.value_or(usual_limit);
    if (times.response && *times.response != Duration::max())
        limit = std::chrono::duration_cast<milliseconds>(*times.response);
    return limit > milliseconds(0) ? limit : usual_limit;
}

/// What a front that is believed says of how it was asked, which services make links and redirections of; not
/// who asked it.
void append_front(const http::Fields& fields, std::string& key) {
    for (const auto& field : fields) {
        if (iequals(field.name, "Forwarded")) {
            std::string all(field.value);
            std::ranges::replace(all, ',', ';');
            for (const std::string_view pair : split_list(all, ';'))
                if (!istarts_with(pair, "for=") && !istarts_with(pair, "by=")) key.append("\n").append(pair);
        } else if (istarts_with(field.name, "X-Forwarded-") && !iequals(field.name, "X-Forwarded-For")) {
            key.append("\n").append(to_lower(field.name)).append(":").append(field.value);
        }
    }
}

}  // namespace

Task<Journey::Step> Journey::cached_call() {
    AnswerCache& cache = *policies().cache;
    uncached_ = true;  // what is called from here on is the service
    // Filters may have taken the token away and told the service whose it was. A cookie that they take away
    // is one that the service does not get to know of.
    const bool somebodys =
        !exchange_.principal.empty() || request_.fields().contains(http::KnownField::authorization);
    if (somebodys ||
        !AnswerCache::concerns(exchange_.method(), request_.head().has_body(), exchange_.headers()))
        co_return Step::call;
    // An answer may vary by what the gateway adds.
    attempt_ = 0;
    deadline_ = TaskContext::current().deadline;
    complete_head();
    caching_.emplace(Caching{.cache = cache, .subject = cache_subject()});
    Caching& caching = *caching_;
    kept_fields_ = response_.headers();
    const bool reload = AnswerCache::wants_reload(request_.fields());
    const std::string flight = fmt::format("{}{}", static_cast<const void*>(&cache), caching.subject.key);
    const TimePoint began = now();
    // Somebody has found out already that the answer is not for all, or takes too long.
    bool for_itself = false;
    while (true) {
        caching.subject.mark = cache.mark(caching.subject);
        caching.kept = cache.find(caching.subject.key, exchange_.headers());
        const TimePoint at = now();
        if (caching.kept && !reload && caching.kept->fresh(at)) co_return hit("HIT");
        const auto waiter = std::make_shared<Flights::Waiter>(runtime::EventLoop::current());
        Flights::Leader leader = shared_.flights.join(flight, waiter);
        const bool may_be_stale = !reload && has_stale();
        if (caching.kept && !reload) {
            const bool at_once = may_be_stale && shared_.config.stale_wait <= Duration::zero();
            if (at_once || caching.kept->stale_for(at, caching.kept->while_revalidate)) {
                if (leader) refresh(std::move(leader));
                co_return hit("STALE");
            }
        }
        caching.patience = may_be_stale ? Deadline::after(began, shared_.config.stale_wait) : Deadline();
        if (leader || for_itself) {
            means_->cache_misses.increment();
            caching.fetching = true;
            caching.leader.emplace(std::move(leader));
            // A whole answer is wanted, whatever this client has.
            for (const std::string_view name : {"If-None-Match", "If-Modified-Since", "If-Range"})
                exchange_.headers().remove(name);
            co_return Step::call;
        }
        const Deadline until = Deadline::after(began, patience)
                                   .or_sooner(TaskContext::current().deadline)
                                   .or_sooner(caching.patience);
        // Whoever fetches it has found out already that this takes long, or fails.
        const auto is_hopeless = [&] { return may_be_stale && waiter->fate != Flights::Fate::on_time; };
        while (!waiter->landed && !is_hopeless()) {
            const auto wake = co_await waiter->signal.wait(until);
            if (wake == runtime::Wake::timed_out) break;
        }
        const bool in_vain = is_hopeless() || !waiter->landed;
        if (may_be_stale && in_vain && has_stale()) co_return hit("STALE");
        // When the one that fetched it has left, one of those who waited takes its place.
        for_itself = !waiter->broken_off;
    }
}

CacheSubject Journey::cache_subject() const {
    std::string outside(exchange_.inbound().path);
    const http::RequestHead& head = exchange_.head();
    if (head.has_query) outside.append("?").append(head.query);
    CacheSubject made{.key = {}, .outside = outside_uri(outside), .inside = inside_uri(inside_target())};
    // The service may put the name that it is asked by into its answer, and a route's filters change what it
    // is asked, and tell it parts of what the client asked for. No part has line ends.
    const std::string_view scheme = exchange_.inbound().secure ? "https" : "http";
    made.key = fmt::format("{}\n{}\n{}\n{}", route_->index, scheme, made.outside, made.inside);
    if (shared_.config.trusted.trusts(request_.peer())) append_front(request_.fields(), made.key);
    return made;
}

void Journey::answer_waiters() {
    if (caching_ && caching_->leader) caching_->leader->answered();
}

void Journey::refresh(Flights::Leader leader) {
    complete_head();
    RouteTarget target = route_->target();
    if (exchange_.target) {
        target.kind = RouteTarget::Kind::fixed;
        target.url = *exchange_.target;
    }
    Refresher::Errand errand{
        .cache = policies().cache,
        .subject = caching_->subject,
        .target = std::move(target),
        .path = outgoing_->target,
        .host = outgoing_->host,
        .fields = outgoing_->fields,
        .limit = refresh_limit(route_->times(), shared_.config.client),
        .leader = std::move(leader)
    };
    errand.fields.remove(deadline_header);
    shared_.refresher.send(std::move(errand));
}

Journey::Step Journey::hit(std::string_view result) {
    means_->cache_hits.increment();
    return serve(*caching_->kept, result);
}

Journey::Step Journey::serve(const CachedAnswer& answer, std::string_view result) {
    const TimePoint at = now();
    const auto validators = answer.validators(exchange_.inbound().wall);
    const auto condition =
        http::check_preconditions(request_.method(), request_.fields(), validators, exchange_.inbound().wall);
    // A redirection is no state of the thing that the client has.
    const bool unchanged =
        answer.status == http::code_of(http::Status::ok) && condition == http::Precondition::not_modified;
    response_.status(unchanged ? http::Status::not_modified : static_cast<http::Status>(answer.status));
    for (const auto& [name, value] : answer.fields) {
        response_.add(name, value);
        if (iequals(name, "Date")) response_.bring_date();
    }
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(answer.age(at)).count();
    response_.set("Age", fmt::format_int(age).c_str());
    response_.set("X-Cache", result);
    const bool fetched = result == "MISS";
    response_.set("Cache-Status", fetched ? "flotilla; fwd=miss; stored" : "flotilla; hit");
    if (result == "STALE") response_.add("Warning", R"(110 - "Response is Stale")");
    if (!fetched && request_.span().recording()) request_.span().tag("cache", "hit");
    if (!unchanged) response_.view_body(std::string(answer.field("Content-Type")), *answer.body, answer.body);
    run_after();
    return Step::finished;
}

bool Journey::has_stale() const {
    return caching_ && caching_->kept && caching_->kept->stale_for(now(), caching_->kept->if_error) &&
           caching_->cache.holds(caching_->subject);
}

Journey::Step Journey::serve_stale() {
    if (caching_->leader) caching_->leader->tell(Flights::Fate::failed);
    caching_->fetching = false;
    forget_answer();
    return serve(*caching_->kept, "STALE");
}

bool Journey::is_out_of_patience(const Result<proxy::Outcome>& outcome) const {
    if (outcome || !caching_ || !caching_->fetching || !caching_->patience.passed(now())) return false;
    // It may have ended in the queue for a connection.
    return proxy::is_timeout(outcome.error()) || outcome.error().code() == proxy::ProxyErrc::overloaded;
}

bool Journey::is_too_long(const Result<proxy::Outcome>& outcome) const {
    return !outcome && caching_ && caching_->fetching && caching_->held &&
           outcome.error().code() == proxy::ProxyErrc::malformed_answer;
}

Deadline Journey::wait_until() const {
    return caching_ && caching_->fetching ? deadline_.or_sooner(caching_->patience) : deadline_;
}

Journey::Step Journey::stop_waiting() {
    // Nobody knows yet whether the service would have answered: the breaker hears nothing of it.
    permit_ = {};
    if (!has_stale()) {
        // It has been invalidated meanwhile: there is nothing left but to wait, also when the service fails.
        caching_->kept = nullptr;
        caching_->patience = {};
        caching_->subject.mark = caching_->cache.mark(caching_->subject);
        forget_answer();
        return Step::call;
    }
    if (caching_->leader) {
        caching_->leader->tell(Flights::Fate::slow);
        if (*caching_->leader) refresh(std::move(*caching_->leader));
        caching_->leader.reset();
    }
    return serve_stale();
}

void Journey::leave_cache() {
    if (!caching_) return;
    caching_->fetching = false;
    caching_->leader.reset();
}

http::HeaderBlock Journey::upstream_fields() const {
    std::size_t own = 0;
    if (kept_fields_) kept_fields_->for_each([&](std::string_view, std::string_view) { ++own; });
    http::HeaderBlock made;
    response_.headers().for_each([&](std::string_view name, std::string_view value) {
        if (own > 0) {
            --own;
        } else {
            made.add_checked(name, value);
        }
    });
    return made;
}

std::optional<proxy::Verdict> Journey::cache_verdict(int status) {
    if (!caching_ || !caching_->fetching) return std::nullopt;
    if (status >= 500 && has_stale()) {
        caching_->use_stale = true;
        return proxy::Verdict::discard;
    }
    http::HeaderBlock fields = upstream_fields();
    if (caching_->cache.may_keep(status, Headers(fields))) {
        caching_->held = true;
        return proxy::Verdict::hold;
    }
    // Nobody gains by waiting for it.
    if (caching_->leader) caching_->leader->answered();
    caching_->leader.reset();
    return std::nullopt;
}

std::optional<Journey::Step> Journey::settle_cache(const Result<proxy::Outcome>& outcome) {
    if (!caching_ || !caching_->fetching) return std::nullopt;
    if (outcome && caching_->use_stale) return serve_stale();
    if (!caching_->held) return std::nullopt;
    const bool too_long = is_too_long(outcome);
    caching_->fetching = false;
    if (!outcome) {
        if (!too_long) return std::nullopt;
        // Too long to be held: it is asked for again, and passed on as it comes.
        caching_->leader.reset();
        forget_answer();
        return Step::call;
    }
    http::HeaderBlock fields = upstream_fields();
    const int status = http::code_of(response_.status());
    std::string body(response_.text().value_or(""));
    const CachedPtr kept = caching_->cache.keep(
        caching_->subject, exchange_.headers(), status, Headers(fields), std::move(body), now()
    );
    caching_->leader.reset();
    if (!kept) {
        run_after();
        return Step::finished;
    }
    forget_answer();
    return serve(*kept, "MISS");
}

// ---- what a request makes obsolete (RFC 9111, 4.4)

std::string Journey::outside_uri(std::string_view target) const {
    return to_lower(exchange_.host()).append(target);
}

std::string Journey::inside_uri(std::string_view target) const {
    if (!exchange_.target) return to_lower(route_->uri_text()).append(target);
    const http::Url& other = *exchange_.target;
    return to_lower(other.scheme + "://" + host_and_port(other.host, other.port_or_default())).append(target);
}

std::string Journey::inside_target() const {
    std::string target(exchange_.path());
    if (exchange_.has_query()) target.append("?").append(exchange_.query());
    return target;
}

void Journey::invalidate(int status) {
    if (status < 200 || status >= 400 || http::is_safe(request_.method())) return;
    // Those of the present routes: nobody asks the caches of former ones any more.
    const auto live = shared_.tables.current();
    if (live->caches.empty()) return;
    const CacheSubject changed = cache_subject();
    std::vector<std::string> uris{changed.outside, changed.inside};
    const Answer answer(response_);
    for (const std::string_view name : {"Location", "Content-Location"})
        for (const std::string& reference : answer.headers.values(name))
            invalidate_reference(reference, uris);
    for (const auto& cache : live->caches)
        for (const std::string& uri : uris) cache->invalidate(uri);
}

void Journey::invalidate_reference(std::string_view reference, std::vector<std::string>& uris) const {
    // Seen by the client, and by the service, which knows no other name than its own. Another origin's are
    // not this one's business.
    const auto look = [&](std::string_view host, std::string_view path, bool inside) {
        const auto base = http::Url::parse(fmt::format("http://{}{}", host, path));
        const auto meant = base ? base->resolve(reference) : base;
        if (!meant || !iequals(meant->host, base->host)) return;
        uris.push_back(inside ? inside_uri(meant->target()) : outside_uri(meant->target()));
    };
    look(exchange_.host(), exchange_.inbound().path, false);
    look(host_in_url(place().host), exchange_.path(), true);
}

}  // namespace flotilla::gateway
