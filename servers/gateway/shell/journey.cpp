#include "journey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "flotilla/base/task_context.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/discovery/error.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/resilience/errors.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::gateway {

namespace {

using std::chrono::milliseconds;

constexpr unsigned most_forwards = 4;
constexpr std::size_t fallback_body = std::size_t{64} << 10;
constexpr std::string_view user_header = "X-User-Id";
constexpr std::string_view idempotency_header = "Idempotency-Key";
constexpr std::string_view deadline_header = "X-Request-Deadline-Ms";

/// `3f2a91bc-17`: who numbers the request, and its number.
std::string_view next_id(std::array<char, 24>& room) {
    static const auto process = static_cast<std::uint32_t>(Random::of_thread()());
    static std::atomic<std::uint64_t> count{0};
    const std::uint64_t number = count.fetch_add(1, std::memory_order_relaxed) + 1;
    const auto end =
        fmt::format_to_n(room.data(), room.size(), "{:08x}-{}", process, number % 100'000'000'000);
    return {room.data(), static_cast<std::size_t>(end.out - room.data())};
}

/// The path to route by and to send on: as received, without dot segments.
std::string_view path_of(const http::Request& request, std::string& resolved) {
    if (request.head().path_is_plain) return request.raw_path();
    // The parser has checked it.
    resolved = http::resolve_path(request.raw_path(), http::EncodedSlash::keep).value_or("/");
    return resolved;
}

Inbound inbound_of(
    GatewayShared& shared, http::Request& request, std::array<char, 24>& id, std::string& resolved
) {
    return {
        .head = request.head(),
        .path = path_of(request, resolved),
        .peer = request.peer(),
        .secure = request.secure(),
        .now = request.received(),
        .wall = shared.service.runtime().clock().wall_now(),
        .id = next_id(id),
        .random = nullptr
    };
}

/// Short and fixed: for spans, logs and FallbackHeaders.
std::string_view type_of(const Error& error) {
    if (error.code() == resilience::ResilienceErrc::call_not_permitted) return "not_permitted";
    if (proxy::is_timeout(error)) return "timeout";
    if (error.code() == discovery::DiscoveryErrc::no_instances) return "no_instance";
    if (proxy::is_connection_failure(error)) return "connection_failed";
    return "failed";
}

}  // namespace

Journey::Journey(GatewayShared& shared, http::Request& request, http::Response& response)
    : shared_(shared),
      request_(request),
      response_(response),
      live_(shared.tables.current()),
      exchange_(inbound_of(shared, request, id_, resolved_path_), outgoing_.fields, response) {
    const proxy::CopyRules rules{
        .hop_by_hop = shared.proxy.hop_by_hop(), .drop_trace = true, .drop_forwarded = true
    };
    proxy::copy_request(request.head(), rules, outgoing_);
    // Services believe this one: it is never the client's.
    if (request.fields().contains(user_header)) outgoing_.fields.remove(user_header);
}

TimePoint Journey::now() const {
    return runtime::EventLoop::current().now();
}

Task<> Journey::run() {
    Step step = Step::reroute;
    while (step != Step::finished) {
        switch (step) {
            case Step::reroute:
                step = route();
                break;
            case Step::call:
                step = co_await call();
                break;
            case Step::local: {
                // A route of the gateway's own answers; filters that were passed on the way see the answer.
                http::Pending pending = shared_.service.router().handle(request_, response_);
                if (pending) co_await std::move(*pending);
                run_after();
                step = Step::finished;
                break;
            }
            case Step::finished:
                break;
        }
    }
    measure();
}

// ---- routing

const CorsRules* Journey::cors_of(const Route& route) const {
    if (route.cors()) return &*route.cors();
    return live_->cors.empty() ? nullptr : live_->cors.find(exchange_);
}

Journey::Step Journey::judge_cors(const CorsRules* rules) {
    if (!rules) return Step::call;
    const auto verdict = rules->judge(exchange_);
    if (verdict == CorsRules::Verdict::preflight || verdict == CorsRules::Verdict::refused)
        return Step::finished;
    cors_ = rules;
    return Step::call;
}

Journey::Step Journey::route() {
    route_ = live_->table->find(exchange_);
    if (!route_) return answer_without_route();
    means_ = &live_->means[route_->index];
    if (!first_) {
        first_ = route_;
        if (request_.span().recording()) request_.span().tag("gateway.route.id", route_->id());
        if (judge_cors(cors_of(*route_)) == Step::finished) return Step::finished;
    }
    if (!route_->before(exchange_)) {
        finish_early();
        return Step::finished;
    }
    if (!exchange_.principal.empty()) request_.principal = exchange_.principal;
    passed_.push_back(route_);
    switch (route_->target().kind) {
        case RouteTarget::Kind::forward:
            return forward(route_->target().path);
        case RouteTarget::Kind::none:
            write_error(500, fmt::format("nobody knows what '{}' is", route_->definition().uri));
            return Step::finished;
        case RouteTarget::Kind::fixed:
        case RouteTarget::Kind::balanced:
            break;
    }
    return Step::call;
}

Journey::Step Journey::answer_without_route() {
    if (shared_.config.cors_everywhere && is_preflight(exchange_)) {
        const CorsRules* rules = live_->cors.empty() ? nullptr : live_->cors.find(exchange_);
        if (rules && judge_cors(rules) == Step::finished) return Step::finished;
    }
    write_error(404, fmt::format("No static resource {}.", request_.path().substr(1)));
    return Step::finished;
}

Journey::Step Journey::forward(std::string_view path) {
    if (exchange_.forwards() >= most_forwards) {
        write_error(500, "forwarded in a circle");
        return Step::finished;
    }
    exchange_.forward_to(path);
    auto decoded = http::decode_path(exchange_.path(), http::EncodedSlash::keep);
    if (!decoded) {
        write_error(500, "forwarded to what is no path");
        return Step::finished;
    }
    return shared_.service.router().reroute(request_, *std::move(decoded)) ? Step::local : Step::reroute;
}

void Journey::finish_early() {
    // Filters of routes that lie around this one see its answer too.
    for (std::size_t i = passed_.size(); i-- > 0;) passed_[i]->after(exchange_, exchange_.answer());
    if (cors_) cors_->decorate(exchange_, exchange_.answer());
    const int status = exchange_.answer().status();
    if (status >= 500 && response_.text().value_or("").empty()) write_error(status, "");
}

// ---- the call

Task<Journey::Step> Journey::call() {
    const RoutePolicies& asked = policies();
    const TimePoint began = now();
    deadline_ = TaskContext::current().deadline;
    if (!body_) {
        proxy::RequestBody::Limits limits;
        if (is_retryable()) limits.keep = static_cast<std::size_t>(asked.retry->max_buffer);
        if (asked.breaker && asked.breaker->fallback) limits.keep = std::max(limits.keep, fallback_body);
        if (asked.max_body) limits.max = *asked.max_body;
        body_.emplace(request_, limits);
    }
    if (asked.retry && asked.retry->timeout)
        deadline_ = deadline_.or_sooner(Deadline::after(began, *asked.retry->timeout));
    if (means_->breaker) {
        permit_ = means_->breaker->try_acquire(began);
        if (!permit_) co_return fail_over(means_->breaker->refusal(), "not_permitted");
        deadline_ = deadline_.or_sooner(means_->time_limiter->deadline(began));
    }
    if (asked.retry || asked.breaker) kept_fields_ = response_.headers();
    auto outcome = co_await attempts();
    co_return settle(std::move(outcome));
}

Task<Result<proxy::Outcome>> Journey::attempts() {
    if (policies().retry) budget_call_ = means_->budget->call();
    attempt_ = 0;
    backoff_ = {};
    tried_.clear();
    while (true) {
        auto outcome = co_await attempt();
        if (!wants_retry(outcome)) co_return outcome;
        budget_retry_ = means_->budget->try_retry();
        if (!budget_retry_) co_return outcome;
        backoff_ = policies().retry->backoff(attempt_, backoff_, Random::of_thread());
        if (backoff_ > Duration::zero()) co_await runtime::sleep_for(backoff_);
        ++attempt_;
        forget_answer();
    }
}

Task<Result<proxy::Outcome>> Journey::attempt() {
    retry_status_ = breaker_status_ = false;
    auto upstream = co_await choose_upstream();
    if (!upstream) co_return std::unexpected(upstream.error());
    complete_head();
    const UpstreamPtr to = *std::move(upstream);
    proxy::Call call{
        .request = request_,
        .response = response_,
        .outgoing = outgoing_,
        .upstream = *to,
        .body = *body_,
        .filter = this,
        .connect_timeout = std::nullopt,
        .response_timeout = std::nullopt,
        .deadline = deadline_
    };
    const RouteTimes& times = route_->times();
    if (times.connect) call.connect_timeout = std::chrono::duration_cast<milliseconds>(*times.connect);
    if (times.response)
        call.response_timeout = *times.response == Duration::max()
                                    ? milliseconds(-1)
                                    : std::chrono::duration_cast<milliseconds>(*times.response);
    auto outcome = co_await shared_.proxy.forward(call);
    report_instance(outcome);
    co_return outcome;
}

Task<Result<UpstreamPtr>> Journey::choose_upstream() {
    const RouteTarget& target = route_->target();
    const TimePoint at = now();
    std::string_view host = target.url.host;
    std::uint16_t port = target.url.port_or_default();
    bool secure = target.url.secure();
    if (target.kind == RouteTarget::Kind::balanced) {
        const discovery::PickRequest wanted{.now = at, .avoid = tried_};
        lease_ = means_->cluster->pick(wanted);
        if (!lease_) {
            // Nobody there, or nobody known yet.
            const std::string service = means_->cluster->service();
            auto chosen = co_await shared_.service.balancer().choose(service, wanted, deadline_);
            if (!chosen)
                co_return discovery::fail(
                    discovery::DiscoveryErrc::no_instances,
                    fmt::format("Unable to find instance for {}", target.service)
                );
            lease_ = *std::move(chosen);
        }
        const discovery::ServiceInstance& instance = lease_.instance();
        host = instance.host;
        port = instance.port;
        // `lb:ws://` and the like say it themselves.
        if (target.url.scheme.empty())
            secure = instance.scheme.empty() ? instance.secure : instance.scheme == "https";
        if (policies().retry) tried_.push_back(instance.id);
    }
    if (UpstreamPtr known = shared_.upstreams.find(host, port, secure, at)) co_return known;
    std::string name(host);
    co_return co_await shared_.upstreams.resolve(std::move(name), port, secure, deadline_);
}

void Journey::complete_head() {
    if (attempt_ == 0) {
        const proxy::ClientFacts facts{
            .peer = request_.peer(),
            .trusted = shared_.config.trusted.trusts(request_.peer()),
            .secure = request_.secure(),
            .host = request_.head().host
        };
        if (exchange_.forwards() == 0) {
            proxy::write_forwarded(shared_.config.forwarded, facts, request_.fields(), outgoing_.fields);
            const std::string prefix = exchange_.cut_prefixes();
            if (!prefix.empty())
                proxy::write_forwarded_prefix(
                    shared_.config.forwarded, facts, request_.fields(), prefix, outgoing_.fields
                );
        }
        outgoing_.target = exchange_.path();
        if (exchange_.has_query()) outgoing_.target.append("?").append(exchange_.query());
        outgoing_.host = exchange_.host_to_send;
    }
    if (!deadline_.never()) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline_.left(now())).count();
        outgoing_.fields.set(deadline_header, fmt::format_int(left).c_str());
    }
}

void Journey::report_instance(const Result<proxy::Outcome>& outcome) {
    if (!lease_) return;
    using discovery::Outcome;
    Outcome how = Outcome::cancelled;
    if (outcome) {
        how = discovery::outcome_of_status(outcome->status);
    } else if (outcome.error().code() == proxy::ProxyErrc::refused ||
               outcome.error().code() == proxy::ProxyErrc::connect_timeout) {
        how = Outcome::connect_failed;
    } else if (proxy::is_connection_failure(outcome.error()) || proxy::is_timeout(outcome.error()) ||
               outcome.error().code() == proxy::ProxyErrc::malformed_answer) {
        how = Outcome::no_answer;
    }
    lease_.finish(how, now());
}

bool Journey::is_retryable() const {
    const auto& retry = policies().retry;
    if (!retry) return false;
    if (retry->covers_method(exchange_.method())) return true;
    // Its service does it once, however often it is asked.
    return request_.method() == http::Method::post && request_.fields().contains(idempotency_header);
}

bool Journey::may_retry() const {
    return is_retryable() && attempt_ < policies().retry->retries && body_->replayable() &&
           !deadline_.passed(now());
}

bool Journey::wants_retry(const Result<proxy::Outcome>& outcome) {
    if (outcome) return retry_status_;
    if (request_.exchange().begun() || !may_retry()) return false;
    const RetryPolicy& retry = *policies().retry;
    return (retry.on_timeout && proxy::is_timeout(outcome.error())) ||
           (retry.on_io_error && proxy::is_connection_failure(outcome.error()));
}

Journey::Step Journey::settle(Result<proxy::Outcome> outcome) {
    const TimePoint at = now();
    budget_retry_.release();
    budget_call_.release();
    if (outcome && breaker_status_) {
        const std::string type = fmt::format("status_{}", outcome->status);
        permit_.failed_with(at, type);
        if (means_->time_limiter) means_->time_limiter->succeeded(at);
        forget_answer();
        const Error error(http::make_error_code(static_cast<http::Status>(500)), type);
        return fail_over(error, exchange_.arena().keep(type));
    }
    if (outcome) {
        if (permit_) {
            permit_.succeeded(at);
            means_->time_limiter->succeeded(at);
        }
        return Step::finished;
    }
    const Error& error = outcome.error();
    if (permit_) {
        permit_.failed(at, error);
        means_->time_limiter->failed(at, error);
    }
    const bool told = error.code() == proxy::ProxyErrc::answer_cut ||
                      error.code() == proxy::ProxyErrc::client_gone || request_.exchange().begun();
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
    } else if (type == "no_instance") {
        write_error(shared_.config.use404 ? 404 : 503, error.message());
    } else if (type.starts_with("status_")) {
        write_error(500, "");
    } else {
        shared_.log.warn("{}: {}", route_->id(), error.message());
        write_error(own_status, http::reason_phrase(own_status));
    }
    return Step::finished;
}

// ---- the answer

proxy::Verdict Journey::on_answer(http::Response& response) {
    const int status = http::code_of(response.status());
    if (may_retry() && policies().retry->covers_status(status)) {
        retry_status_ = true;
        return proxy::Verdict::discard;
    }
    if (policies().breaker && policies().breaker->covers_status(status) &&
        !policies().breaker->resume_without_error) {
        breaker_status_ = true;
        return proxy::Verdict::discard;
    }
    run_after();
    return proxy::Verdict::relay;
}

void Journey::run_after() {
    Answer answer(response_);
    for (std::size_t i = passed_.size(); i-- > 0;) passed_[i]->after(exchange_, answer);
    if (cors_) cors_->decorate(exchange_, answer);
}

void Journey::forget_answer() {
    const bool has_kept = policies().retry || policies().breaker;
    response_.clear();
    if (has_kept) response_.headers() = kept_fields_;
}

void Journey::write_error(int status, std::string_view message) {
    response_.status(static_cast<http::Status>(status));
    const auto& errors = shared_.service.router().errors();
    const std::string_view accept = request_.header(http::KnownField::accept);
    if (icontains(accept, "text/html") || icontains(accept, "problem+json")) {
        errors.render(
            request_,
            {.status = static_cast<http::Status>(status), .message = std::string(message)},
            response_
        );
    } else {
        response_.set_body("application/json", error_json(status, message));
    }
    if (cors_) cors_->decorate(exchange_, exchange_.answer());
}

std::string Journey::error_json(int status, std::string_view message) const {
    const auto& errors = shared_.service.router().errors();
    Json json = Json::object(
        {{"timestamp", format_iso_millis(exchange_.inbound().wall, "+00:00")},
         {"path", exchange_.inbound().path},
         {"status", status},
         {"error", http::reason_phrase(status)}}
    );
    if (!message.empty() && errors.config().include_message == http::IncludeAttribute::always)
        json["message"] = message;
    json["requestId"] = exchange_.inbound().id;
    return json.text();
}

void Journey::measure() {
    if (!shared_.config.metrics || !first_) return;
    static constexpr std::string_view outcomes[] = {
        "UNKNOWN", "INFORMATIONAL", "SUCCESSFUL", "REDIRECTION", "CLIENT_ERROR", "SERVER_ERROR"
    };
    const int status = http::code_of(response_.status());
    const auto method = request_.method();
    const auto key = metrics::cache_key(
        first_->index, static_cast<std::uint64_t>(status), static_cast<std::uint64_t>(method)
    );
    metrics::Timer timer = live_->timers.get(key, [&] {
        std::string name = to_upper(http::reason_phrase(status));
        for (char& c : name)
            if (c == ' ' || c == '-') c = '_';
        std::erase(name, '\'');
        const auto series = static_cast<std::size_t>(status / 100);
        return shared_.service.meters().timer(
            "spring.cloud.gateway.requests",
            {{"routeId", first_->id()},
             {"routeUri", first_->uri_text()},
             {"outcome", std::string(outcomes[series < 6 ? series : 0])},
             {"status", name.empty() ? std::to_string(status) : name},
             {"httpStatusCode", std::to_string(status)},
             {"httpMethod",
              method == http::Method::other ? std::string("UNKNOWN") : std::string(request_.method_text())}}
        );
    });
    timer.record(now() - request_.received());
}

}  // namespace flotilla::gateway
