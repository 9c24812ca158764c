// The innermost part of a call: attempts at instances.

#include <fmt/format.h>

#include <algorithm>

#include "client.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/base/url_text.hpp"
#include "flotilla/http/cookies.hpp"
#include "flotilla/reflect/print.hpp"
#include "remote_core.hpp"

namespace flotilla::remote::detail {

namespace {

using discovery::Outcome;

/// With less than that an attempt is not worth its while.
constexpr Milliseconds least_time{1};
constexpr unsigned redirects = 5;

Outcome outcome_of(const CallError& error) noexcept {
    switch (error.kind()) {
        case ErrorKind::connect:
        case ErrorKind::tls:
            return Outcome::connect_failed;
        case ErrorKind::timeout:
        case ErrorKind::reset:
            return Outcome::no_answer;
        case ErrorKind::decode:
            return Outcome::server_error;
        default:
            return Outcome::cancelled;  // not the instance's fault
    }
}

/// Java's name for it.
std::string_view exception_of(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::connect:
            return "ConnectException";
        case ErrorKind::tls:
            return "SSLHandshakeException";
        case ErrorKind::timeout:
        case ErrorKind::deadline:
            return "SocketTimeoutException";
        case ErrorKind::reset:
            return "SocketException";
        default:
            return "IOException";
    }
}

std::string_view cookie(std::string_view field, std::string_view name) {
    std::string_view found;
    http::for_each_cookie(field, [&](std::string_view each, std::string_view value) {
        if (found.empty() && each == name) found = value;
    });
    return found;
}

void append_base(std::string& url, const discovery::ServiceInstance& instance) {
    url += !instance.scheme.empty() ? std::string_view(instance.scheme) : instance.secure ? "https" : "http";
    url += "://";
    append_host(url, instance.host);
    if (instance.port != 0) {
        url.push_back(':');
        reflect::print::integer(url, instance.port);
    }
}

}  // namespace

RetryPlan Method::plan_for(const OutgoingRequest& request) const noexcept {
    if (guards_.retry) return {};  // one layer retries, not two
    const ClientSettings& settings = client_.spec.settings;
    if (settings.retry.max_attempts > 1) return RetryPlan::feign(settings.retry, request.replayable());
    if (!client_.cluster) return {};
    return RetryPlan::balancer(
        core_.shared.balancer_retry,
        request.method() == http::Method::get || request.method() == http::Method::head,
        request.headers().contains("Idempotency-Key")
    );
}

http::ClientRequest Method::wire_request(const OutgoingRequest& request, const Place& place, Duration left)
    const {
    // Its memory is used again: nothing waits while it is in use.
    thread_local std::string url;
    url.clear();
    if (const auto* instance = place.instance())
        append_base(url, *instance);
    else
        url += place.base;
    url += request.target();
    http::ClientRequest wire(request.method_text(), url);
    request.headers().for_each([&](std::string_view name, std::string_view value) {
        wire.header(name, value);
    });
    if (request.has_body()) {
        const std::string_view type = request.headers().find("Content-Type");
        wire.body(request.body(), type.empty() ? "application/octet-stream" : type);
    }
    const ClientSettings& settings = client_.spec.settings;
    wire.connect_timeout(settings.connect_timeout).response_timeout(settings.read_timeout);
    if (left != Duration::max()) wire.timeout(std::max(least_time, std::chrono::ceil<Milliseconds>(left)));
    if (settings.follow_redirects) wire.max_redirects(redirects);
    if (core_.shared.accept_gzip) wire.decompress(true);
    if (!template_.empty()) wire.uri_template(template_);
    if (!client_.spec.service.empty()) wire.service(client_.spec.service);
    return wire;
}

Task<Method::Failure> Method::attempts(OutgoingRequest request, Call call) const {
    RetryPlan plan = plan_for(request);
    const auto active = guards_.retry ? resilience::RetryBudget::Ticket() : client_.budget.call();
    std::vector<std::string> tried;
    if (!call.avoid.empty()) tried.emplace_back(call.avoid);
    std::string again_at;  // the id of the instance that is to be asked once more
    const std::string hint(request.headers().find(core_.shared.hint_header));
    const std::string pinned(cookie(request.headers().find("Cookie"), core_.shared.instance_cookie));

    for (unsigned attempt = 1;; ++attempt) {
        for (const auto& interceptor : client_.spec.interceptors) interceptor(request);
        if (!request.problem().empty()) co_return CallError(ErrorKind::invalid, request.problem());

        const TimePoint began = core_.clock.now();
        const Deadline callers = TaskContext::current().deadline;
        if (!callers.never() && callers.left(began) <= deadline_margin) co_return too_late(true);
        if (call.deadline.passed(began)) co_return too_late(false);

        Place place{.base = request.base()};
        if (client_.cluster) {
            const discovery::PickRequest wanted{
                .now = began,
                .sticky = again_at.empty() ? std::string_view(pinned) : std::string_view(again_at),
                .hint = hint,
                .avoid = tried
            };
            place.lease = client_.cluster->pick(wanted);
            if (!place.lease) {
                // Nobody, or nobody yet: the registry may not have answered.
                const Deadline patience = call.deadline.or_sooner(callers);
                auto chosen = co_await core_.balancer.choose(client_.spec.service, wanted, patience);
                if (!chosen) {
                    core_.meters.discarded(
                        {.method = request.method_text(), .uri = template_, .service = client_.spec.service}
                    );
                    CallError none(
                        ErrorKind::no_instance,
                        fmt::format("No instances available for {}", client_.spec.service)
                    );
                    co_return none.tried(attempt - 1, {});
                }
                place.lease = std::move(*chosen);
            }
        }

        const BalancedCall balanced{
            .method = request.method_text(),
            .uri = template_,
            .service = client_.spec.service,
            .instance = place.instance()
        };
        core_.meters.began(balanced);
        const std::string id(place.instance() ? std::string_view(place.instance()->id) : request.base());
        if (call.picked) *call.picked = id;
        const bool logged = log_.enabled();
        std::string url;
        LoggedRequest shown;
        if (logged) {
            url = request.url();
            shown = {request.method_text(), url, &request.headers(), request.has_body(), request.body()};
            if (attempt > 1) log_.retrying();
            log_.request(shown);
        }

        auto wire = wire_request(request, place, call.deadline.left(began));
        auto answer = co_await core_.http.send(std::move(wire));
        const TimePoint now = core_.clock.now();
        const Duration taken = now - began;
        Failure failure;
        if (answer) {
            if (logged)
                log_.response(
                    shown, {answer->status(), answer->reason(), &answer->fields(), answer->body(), taken}
                );
            core_.meters.answered(balanced, answer->status(), taken);
            if (place.lease) place.lease.finish(discovery::outcome_of_status(answer->status()), now);
            failure = conclude(request, *answer, call);
            if (!failure) co_return std::nullopt;
        } else {
            failure = wire_error(answer.error());
            core_.meters.failed(balanced, failure->kind(), taken);
            if (logged) {
                const std::string& whole = answer.error().message();
                const std::size_t colon = whole.rfind(": ");
                const std::string_view reason =
                    std::string_view(whole).substr(colon == std::string::npos ? 0 : colon + 2);
                log_.failure(shown, {exception_of(failure->kind()), reason, whole, taken});
            }
        }
        if (!answer && place.lease) place.lease.finish(outcome_of(*failure), now);
        failure->tried(attempt, id);

        const auto next = plan.after(*failure, Random::of_thread());
        if (!next) co_return failure;
        const auto ticket = client_.budget.try_retry();
        if (!ticket) co_return failure;
        const TimePoint at = now + next->wait;
        if (call.deadline.left(at) < least_time || (!callers.never() && callers.left(at) <= deadline_margin))
            co_return failure;
        if (next->wait > Duration::zero()) co_await runtime::sleep_until(at);
        again_at = next->same_instance ? id : std::string();
        if (!next->same_instance) tried.push_back(id);
    }
}

}  // namespace flotilla::remote::detail
