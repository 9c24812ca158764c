// The call of a route: its upstream, its repetitions, its breaker, its end.

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/task_context.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/discovery/error.hpp"
#include "flotilla/http/cookies.hpp"
#include "flotilla/remote/deadline.hpp"
#include "flotilla/resilience/errors.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "journey.hpp"

namespace flotilla::gateway {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t fallback_body = std::size_t{64} << 10;
constexpr std::string_view idempotency_header = "Idempotency-Key";
constexpr std::string_view overloaded = "overloaded";

/// Short and fixed: for spans, logs and FallbackHeaders.
std::string_view type_of(const Error& error) {
    if (error.code() == resilience::ResilienceErrc::call_not_permitted) return "not_permitted";
    if (error.code() == proxy::ProxyErrc::overloaded ||
        error.code() == resilience::ResilienceErrc::concurrency_limit_exceeded)
        return overloaded;
    if (proxy::is_timeout(error)) return "timeout";
    if (error.code() == discovery::DiscoveryErrc::no_instances) return "no_instance";
    if (proxy::is_connection_failure(error)) return "connection_failed";
    return "failed";
}

/// The same for the access log, in Envoy's words; docs/gateway.md lists them.
std::string_view flag_of(const Error& error) {
    const auto is = [&](auto code) { return error.code() == code; };
    if (type_of(error) == overloaded) return "UO";
    using enum proxy::ProxyErrc;
    if (is(discovery::DiscoveryErrc::no_instances)) return "UH";
    if (is(refused) || is(connect_timeout) || is(tls_failed)) return "UF";
    if (is(closed_early) || is(answer_cut)) return "UC";
    if (is(malformed_answer)) return "UPE";
    if (is(client_malformed)) return "DPE";
    if (is(client_timeout) || is(unfinished_body)) return "DT";
    return proxy::is_timeout(error) ? std::string_view("UT") : std::string_view();
}

}  // namespace

// ---- one attempt

void Journey::begin_call() {
    deadline_ = TaskContext::current().deadline;
    attempt_ = 0;
    backoff_ = {};
    tried_.clear();
    retry_status_ = breaker_status_ = held_ = false;
    if (!body_) body_.emplace(request_, body_limits());  // a fallback has the same
    if (const auto bytes = exchange_.body()) body_->replace(std::string(*bytes));
}

bool Journey::is_admitted() {
    resilience::AdaptiveLimiter* const limiter = means_->limiter;
    if (!limiter || admitted_) return true;
    admitted_ = limiter->acquire(now());
    return admitted_ || shared_.admission.is_exempt(exchange_.request_path());
}

Journey::Step Journey::shed() {
    const Error error = means_->limiter->refusal();
    answer_waiters();
    flag(flag_of(error));
    return fail_over(error, type_of(error));
}

proxy::RequestBody::Limits Journey::body_limits() const {
    const RoutePolicies& asked = policies();
    proxy::RequestBody::Limits limits;
    if (is_retryable()) limits.keep = static_cast<std::size_t>(asked.retry->max_buffer);
    if (asked.breaker && asked.breaker->fallback) limits.keep = std::max(limits.keep, fallback_body);
    if (asked.max_body) limits.max = *asked.max_body;
    if (asked.held_request) limits.max = std::min(limits.max, *asked.held_request);
    return limits;
}

bool Journey::is_balanced() const {
    return route_->target().kind == RouteTarget::Kind::balanced && !exchange_.target;
}

UpstreamPtr Journey::known_upstream() {
    if (is_balanced() && !lease_) {
        lease_ = means_->cluster->pick(wanted_instance());
        if (!lease_) return nullptr;
    }
    const Place at = place();
    return shared_.upstreams.find(at.host, at.port, at.secure, now());
}

discovery::PickRequest Journey::wanted_instance() {
    discovery::PickRequest wanted{.now = now(), .avoid = tried_};
    if (const KeyResolver& key = route_->balance_key()) wanted.key = key(exchange_, balance_key_);
    // What filters have left of the request counts, as with Spring: they may put a hint there, or take it
    // away.
    const discovery::ServiceBalancing& balancing = *means_->balancing;
    wanted.hint = exchange_.headers().get(balancing.hint_header_name);
    if (wanted.hint.empty()) wanted.hint = balancing.hint;
    if (balancing.sticky) {
        http::for_each_cookie(
            exchange_.headers().get("Cookie"),
            [&](std::string_view name, std::string_view value) {
                if (name == balancing.sticky_session.instance_id_cookie_name) wanted.sticky = value;
            }
        );
    }
    return wanted;
}

void Journey::tell_instance() {
    if (!lease_ || !means_->balancing->sticky_session.add_service_instance_cookie) return;
    const std::string& name = means_->balancing->sticky_session.instance_id_cookie_name;
    const std::string& id = lease_.instance().id;
    if (id.find_first_of("; \t") != std::string::npos) return;
    // In place of the client's own, and of that of the attempt before.
    std::string cookies;
    for (const std::string_view crumb : split_list(exchange_.headers().get("Cookie"), ';')) {
        if (crumb.starts_with(name) && crumb.substr(name.size()).starts_with('=')) continue;
        cookies.append(crumb).append("; ");
    }
    cookies.append(name).append("=").append(id);
    exchange_.headers().set("Cookie", cookies);
}

Place Journey::place() const {
    const http::Url& url = exchange_.target ? *exchange_.target : route_->target().url;
    return place_of(url, lease_);
}

Task<Result<proxy::Outcome>> Journey::found_upstream(UpstreamPtr& upstream) {
    if (is_balanced() && !lease_) {
        // Nobody is there, or nobody is known yet.
        const std::string service = means_->cluster->service();
        const discovery::PickRequest wanted = wanted_instance();
        auto chosen = co_await shared_.service.balancer().choose(service, wanted, wait_until());
        if (!chosen)
            co_return discovery::fail(
                discovery::DiscoveryErrc::no_instances,
                fmt::format("Unable to find instance for {}", route_->target().service)
            );
        lease_ = *std::move(chosen);
    }
    const Place at = place();
    std::string host(at.host);
    auto resolved = co_await shared_.upstreams.resolve(std::move(host), at.port, at.secure, wait_until());
    if (!resolved) co_return std::unexpected(resolved.error());
    upstream = *std::move(resolved);
    co_return proxy::Outcome{};
}

proxy::Call Journey::make_call(const proxy::Upstream& upstream) {
    complete_head();
    tell_instance();
    if (auto* const note = request_.access_note()) {
        note->upstream = upstream.endpoint().text();
        ++note->attempts;
    }
    proxy::Call call{
        .request = request_,
        .response = response_,
        .outgoing = *outgoing_,
        .upstream = upstream,
        .body = *body_,
        .filter = this,
        .connect_timeout = std::nullopt,
        .response_timeout = std::nullopt,
        .deadline = wait_until()
    };
    if (const auto& held = policies().held_answer)
        call.hold_limit = std::max(call.hold_limit, static_cast<std::size_t>(held->most));
    const RouteTimes& times = route_->times();
    if (times.connect) call.connect_timeout = std::chrono::duration_cast<milliseconds>(*times.connect);
    if (times.response)
        call.response_timeout = *times.response == Duration::max()
                                    ? milliseconds(-1)
                                    : std::chrono::duration_cast<milliseconds>(*times.response);
    return call;
}

void Journey::complete_head() {
    if (attempt_ == 0) {
        if (!forwarded_told_ && exchange_.forwards() == 0) {
            forwarded_told_ = true;
            const proxy::ClientFacts facts{
                .peer = request_.peer(),
                .trusted = shared_.config.trusted.trusts(request_.peer()),
                .secure = request_.secure(),
                .host = request_.head().host
            };
            proxy::write_forwarded(shared_.config.forwarded, facts, request_.fields(), outgoing_->fields);
            const std::string prefix = exchange_.cut_prefixes();
            if (!prefix.empty())
                proxy::write_forwarded_prefix(
                    shared_.config.forwarded, facts, request_.fields(), prefix, outgoing_->fields
                );
        }
        outgoing_->target = inside_target();
        outgoing_->host = exchange_.host_to_send;
    }
    if (!deadline_.never()) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline_.left(now())).count();
        outgoing_->fields.set(deadline_header, fmt::format_int(left).c_str());
        deadline_told_ = true;
    } else if (deadline_told_) {
        // That was the time of a former call, such as a breaker's limit.
        outgoing_->fields.remove(deadline_header);
        deadline_told_ = false;
    }
}

void Journey::report(const Result<proxy::Outcome>& outcome) {
    if (auto* const note = request_.access_note())
        note->upstream_time = outcome ? std::optional(outcome->waited) : std::nullopt;
    if (!lease_) return;
    using discovery::Outcome;
    Outcome how = Outcome::cancelled;
    if (outcome) {
        how = discovery::outcome_of_status(outcome->status);
    } else if (is_out_of_patience(outcome) || is_too_long(outcome) || says_nothing(outcome.error())) {
        // It is on its way, will be asked for again, or was never asked in full: no fault of the instance.
    } else if (outcome.error().code() == proxy::ProxyErrc::refused ||
               outcome.error().code() == proxy::ProxyErrc::connect_timeout) {
        how = Outcome::connect_failed;
    } else if (proxy::is_connection_failure(outcome.error()) || proxy::is_timeout(outcome.error()) ||
               outcome.error().code() == proxy::ProxyErrc::malformed_answer) {
        how = Outcome::no_answer;
    }
    lease_.finish(how, now());
}

bool Journey::says_nothing(const Error& error) const {
    if (proxy::says_nothing_of_upstream(error)) return true;
    if (!proxy::is_timeout(error)) return false;
    // The client may have brought a deadline that nobody could meet. Who has had a second has been asked
    // fairly.
    constexpr Duration fair = std::chrono::seconds(1);
    const auto left = remote::time_left(request_.fields());
    if (!left || *left >= fair) return false;
    const Deadline clients = Deadline::after(request_.received(), *left);
    return clients.at() <= deadline_.at() && clients.passed(now());
}

// ---- retries and the breaker

Task<Journey::Step> Journey::guarded_call() {
    begin_call();
    const RoutePolicies& asked = policies();
    if (!is_admitted()) co_return shed();
    const TimePoint began = now();
    if (asked.retry && asked.retry->timeout)
        deadline_ = deadline_.or_sooner(Deadline::after(began, *asked.retry->timeout));
    if (means_->breaker) {
        permit_ = means_->breaker->try_acquire(began);
        if (!permit_) {
            admitted_.ignored();
            answer_waiters();
            flag("UO");
            co_return fail_over(means_->breaker->refusal(), "not_permitted");
        }
        deadline_ = deadline_.or_sooner(means_->time_limiter->deadline(began));
    }
    kept_fields_ = response_.headers();
    if (asked.retry) budget_call_ = means_->budget->call();
    while (true) {
        retry_status_ = breaker_status_ = false;
        UpstreamPtr upstream = known_upstream();
        Result<proxy::Outcome> outcome;
        if (!upstream) outcome = co_await found_upstream(upstream);
        if (lease_ && asked.retry) tried_.push_back(lease_.instance().id);
        if (outcome) {
            proxy::Call call = make_call(*upstream);
            outcome = co_await shared_.proxy.forward(call);
        }
        report(outcome);
        const bool again = outcome ? retry_status_ : wants_retry(outcome.error());
        if (!again) co_return settle(outcome);
        if (backoff_ > Duration::zero()) co_await runtime::sleep_for(backoff_);
        ++attempt_;
        forget_answer();
    }
}

bool Journey::is_retryable() const {
    const auto& retry = policies().retry;
    if (!retry) return false;
    if (retry->covers_method(exchange_.method())) return true;
    // Its service does it once, however often it is asked.
    return request_.method() == http::Method::post && request_.fields().contains(idempotency_header);
}

bool Journey::may_retry() const {
    return is_retryable() && has_tries();
}

bool Journey::has_tries() const {
    const auto& retry = policies().retry;
    return retry && attempt_ < retry->retries && body_->replayable() && !wait_until().passed(now());
}

bool Journey::take_retry() {
    const Duration wait = policies().retry->backoff(attempt_, backoff_, Random::of_thread());
    if (wait_until().left(now()) <= wait) return false;
    budget_retry_ = means_->budget->try_retry();
    if (!budget_retry_) return false;
    backoff_ = wait;
    return true;
}

bool Journey::wants_retry(const Error& error) {
    if (request_.exchange().begun() || !has_tries()) return false;
    const RetryPolicy& retry = *policies().retry;
    // An instance that has died has not heard of the request: another one may, whatever the method.
    const bool unheard = !tried_.empty() && error.code() == proxy::ProxyErrc::refused;
    if (!unheard && !is_retryable()) return false;
    const bool covered = (retry.on_timeout && proxy::is_timeout(error)) ||
                         (retry.on_io_error && proxy::is_connection_failure(error));
    return covered && take_retry();
}

bool Journey::is_exhausted(const Result<proxy::Outcome>& outcome) const {
    const auto& retry = policies().retry;
    if (!retry || attempt_ == 0 || attempt_ < retry->retries) return false;
    return !outcome || retry->covers_status(outcome->status);
}

Journey::Step Journey::settle(const Result<proxy::Outcome>& outcome) {
    const TimePoint at = now();
    const bool too_long = is_too_long(outcome);
    const bool had_enough =
        !outcome && (type_of(outcome.error()) == overloaded ||
                     (proxy::is_timeout(outcome.error()) && !says_nothing(outcome.error())));
    if (had_enough && !is_out_of_patience(outcome)) admitted_.dropped(at);
    admitted_.ignored();
    if (!outcome && !too_long) flag(flag_of(outcome.error()));
    if (is_exhausted(outcome)) flag("URX");
    budget_retry_.release();
    budget_call_.release();
    if (is_out_of_patience(outcome)) return stop_waiting();
    if (outcome || !says_nothing(outcome.error())) answer_waiters();
    if (outcome && breaker_status_) {
        const std::string type = fmt::format("status_{}", outcome->status);
        permit_.failed_with(at, type);
        means_->time_limiter->succeeded(at);
        forget_answer();
        return fail_over(
            Error(http::make_error_code(http::Status::internal_server_error), type),
            exchange_.arena().keep(type)
        );
    }
    if (outcome) {
        praise();
        if (held_) {
            run_after();
            return Step::finished;
        }
        return settle_cache(outcome).value_or(Step::finished);
    }
    const Error& error = outcome.error();
    // The service has answered, and will be asked again: the breaker hears of that one. Nor does it hear of
    // what the client did wrong, or of what never left this gateway.
    if (too_long || says_nothing(error)) permit_.release();
    // An answer that could be taken back was none, whatever its head had promised.
    if (!permit_ && means_->breaker && error.code() == proxy::ProxyErrc::closed_early)
        permit_ = means_->breaker->try_acquire(at);
    if (permit_) {
        permit_.failed(at, error);
        means_->time_limiter->failed(at, error);
    }
    if (const auto step = settle_cache(outcome)) return *step;
    // An answer that was cut while it was held is one that the client has not seen.
    const bool told = error.code() == proxy::ProxyErrc::client_gone || request_.exchange().begun();
    if (told) {
        shared_.log.debug("{}: {}", route_->id(), error.message());
        return Step::finished;
    }
    forget_answer();
    return fail_over(error, type_of(error));
}

Journey::Step Journey::fail_over(const Error& error, std::string_view type) {
    const auto& breaker = policies().breaker;
    // What the client itself did wrong is no case for a fallback.
    const int own_status = http::code_of(proxy::status_of(error));
    const bool clients_fault = own_status >= 400 && own_status < 500;
    if (has_stale() && !clients_fault) return serve_stale();
    if (breaker && breaker->fallback && !clients_fault) {
        exchange_.failure = Failure{type};
        const auto path = breaker->fallback->expand_path(exchange_);
        if (!path) {
            write_error(500, "the fallback's path cannot be made");
            return Step::finished;
        }
        exchange_.headers().remove("Origin");
        // What has been sent on and not kept cannot be sent to the fallback.
        if (body_ && !body_->replayable()) body_->replace({});
        return forward(*path);
    }
    if (breaker && breaker->resume_without_error && !clients_fault) {
        response_.status(http::Status::ok);
        return Step::finished;
    }
    if (type == "not_permitted") {
        const auto left = means_->breaker->time_left(now());
        const auto seconds = left ? std::chrono::ceil<std::chrono::seconds>(*left).count() : 1;
        response_.set("Retry-After", fmt::format_int(std::max<std::int64_t>(seconds, 1)).c_str());
        write_error(503, error.message());
    } else if (type == overloaded) {
        const auto& config = shared_.config.admission;
        response_.set("Retry-After", fmt::format_int(config.retry_after.count()).c_str());
        const bool shed = error.code() == resilience::ResilienceErrc::concurrency_limit_exceeded;
        write_error(shed ? config.status : own_status, error.message());
    } else if (type == "no_instance") {
        write_error(shared_.config.use404 ? 404 : 503, error.message());
    } else if (type.starts_with("status_")) {
        write_error(500, "");
    } else {
        shared_.log.warn("{}: {}", route_->id(), error.message());
        write_error(own_status, "");
    }
    return Step::finished;
}

}  // namespace flotilla::gateway
