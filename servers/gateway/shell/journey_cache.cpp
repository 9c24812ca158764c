// A route whose answers are kept: served from here, fetched by one for all, or stale when the service is not
// well.

#include <fmt/format.h>

#include "flotilla/base/task_context.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "journey.hpp"

namespace flotilla::gateway {

namespace {

/// How long a request waits for another one that fetches the same.
constexpr Duration patience = std::chrono::seconds(10);

}  // namespace

Task<Journey::Step> Journey::cached_call() {
    AnswerCache& cache = *policies().cache;
    uncached_ = true;  // what is called from here on is the service
    if (!AnswerCache::concerns(exchange_.method(), request_.head().has_body(), exchange_.headers()))
        co_return Step::call;
    caching_.emplace(Caching{.cache = cache, .key = cache_key()});
    Caching& caching = *caching_;
    kept_fields_ = response_.headers();
    const bool reload = AnswerCache::wants_reload(request_.fields());
    const std::string flight = fmt::format("{}{}", static_cast<const void*>(&cache), caching.key);
    for (int round = 0;; ++round) {
        caching.kept = cache.find(caching.key, exchange_.headers());
        const TimePoint at = now();
        if (caching.kept && !reload && caching.kept->fresh(at)) co_return serve(*caching.kept, "HIT");
        const auto waiter = std::make_shared<Flights::Waiter>(runtime::EventLoop::current());
        Flights::Leader leader = shared_.flights.join(flight, waiter);
        if (caching.kept && !reload && caching.kept->stale_for(at, caching.kept->while_revalidate)) {
            if (leader) refresh(std::move(leader));
            co_return serve(*caching.kept, "STALE");
        }
        if (leader || round > 0) {
            caching.fetching = true;
            caching.leader.emplace(std::move(leader));
            // A whole answer is wanted, whatever this client has.
            for (const std::string_view name : {"If-None-Match", "If-Modified-Since", "If-Range"})
                exchange_.headers().remove(name);
            co_return Step::call;
        }
        const Deadline until = Deadline::after(at, patience).or_sooner(TaskContext::current().deadline);
        while (!waiter->landed) {
            const auto wake = co_await waiter->signal.wait(until);
            if (wake == runtime::Wake::timed_out) break;
        }
    }
}

std::string Journey::cache_key() const {
    std::string key(exchange_.host());
    key.append(exchange_.path());
    if (exchange_.has_query()) key.append("?").append(exchange_.query());
    return key;
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
        .key = caching_->key,
        .target = std::move(target),
        .path = outgoing_->target,
        .host = outgoing_->host,
        .fields = outgoing_->fields,
        .leader = std::move(leader)
    };
    shared_.refresher.send(std::move(errand));
}

Journey::Step Journey::serve(const CachedAnswer& answer, std::string_view result) {
    const TimePoint at = now();
    const auto validators = answer.validators(exchange_.inbound().wall);
    const auto condition =
        http::check_preconditions(request_.method(), request_.fields(), validators, exchange_.inbound().wall);
    const bool unchanged = condition == http::Precondition::not_modified;
    response_.status(unchanged ? http::Status::not_modified : static_cast<http::Status>(answer.status));
    for (const auto& [name, value] : answer.fields) response_.add(name, value);
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
    return caching_ && caching_->kept && caching_->kept->stale_for(now(), caching_->kept->if_error);
}

Journey::Step Journey::serve_stale() {
    caching_->fetching = false;
    forget_answer();
    return serve(*caching_->kept, "STALE");
}

std::optional<proxy::Verdict> Journey::cache_verdict(int status) {
    if (!caching_ || !caching_->fetching) return std::nullopt;
    if (status >= 500 && has_stale()) {
        caching_->use_stale = true;
        return proxy::Verdict::discard;
    }
    const Answer answer(response_);
    if (caching_->cache.may_keep(status, answer.headers)) {
        caching_->held = true;
        return proxy::Verdict::hold;
    }
    // Nobody gains by waiting for it.
    caching_->leader.reset();
    return std::nullopt;
}

std::optional<Journey::Step> Journey::settle_cache(const Result<proxy::Outcome>& outcome) {
    if (!caching_ || !caching_->fetching) return std::nullopt;
    if (outcome && caching_->use_stale) return serve_stale();
    if (!caching_->held) return std::nullopt;
    caching_->fetching = false;
    if (!outcome) {
        if (outcome.error().code() != proxy::ProxyErrc::malformed_answer) return std::nullopt;
        // Too long to be held: it is asked for again, and passed on as it comes.
        caching_->leader.reset();
        forget_answer();
        return Step::call;
    }
    const Answer answer(response_);
    std::string body(response_.text().value_or(""));
    const CachedPtr kept = caching_->cache.keep(
        caching_->key, exchange_.headers(), answer.status(), answer.headers, std::move(body), now()
    );
    caching_->leader.reset();
    if (!kept) {
        run_after();
        return Step::finished;
    }
    forget_answer();
    return serve(*kept, "MISS");
}

}  // namespace flotilla::gateway
