// The cache around a call: what is kept is served, what is stale is asked about, and who wants the same waits
// for the one call that is under way.

#include <fmt/format.h>

#include "client.hpp"
#include "remote_core.hpp"

namespace flotilla::remote::detail {

namespace {

CacheRequest cache_request(const OutgoingRequest& request, std::string_view url) {
    return {.method = request.method_text(), .uri = url, .headers = request.headers()};
}

}  // namespace

Task<Method::Failure> Method::cached(OutgoingRequest request, Call call) const {
    HttpCache& cache = *client_.cache;
    const std::string url = request.url();
    const auto count = [&](CacheResult result) {
        client_.cache_results[static_cast<std::size_t>(result)].increment();
    };
    bool waited = false;
    for (;;) {
        auto plan = cache.plan(cache_request(request, url));
        switch (plan.step) {
            case CacheStep::nothing_kept:
                co_return CallError(
                    ErrorKind::status, fmt::format("{} {}: nothing is kept", request.method_text(), url)
                )
                    .answered(504, {}, std::nullopt);
            case CacheStep::serve:
                count(plan.result);
                co_return serve(*plan.stored, request, call);
            case CacheStep::serve_and_refresh:
                count(plan.result);
                if (auto boarding = client_.flights.board("refresh " + url); boarding.leader)
                    core_.scope().spawn("refresh", refresh(request, plan, std::move(boarding.leader)));
                co_return serve(*plan.stored, request, call);
            case CacheStep::send:
            case CacheStep::revalidate:
                break;
        }
        // Whoever wants something that cannot be kept, or was kept for nobody, goes by himself.
        if (!plan.may_store || waited) {
            count(plan.result);
            co_return co_await fetch(std::move(request), std::move(plan), call);
        }
        auto boarding = client_.flights.board(url);
        if (boarding.leader) {
            auto failure = co_await fetch(std::move(request), std::move(plan), call);
            if (failure && failure->kind() != ErrorKind::decode) boarding.leader.fail(*failure);
            count(CacheResult::miss);
            co_return failure;
        }
        const Deadline patience = call.deadline.or_sooner(TaskContext::current().deadline);
        const auto ending = co_await Flights::wait(boarding.other, patience);
        if (ending == Flights::Ending::too_late)
            co_return too_late(TaskContext::current().deadline.passed(core_.clock.now()));
        if (auto failure = Flights::error_of(*boarding.other)) co_return failure;
        waited = true;
    }
}

Method::Failure Method::serve(const StoredAnswer& stored, const OutgoingRequest& request, Call call) const {
    auto answer = stored.answer(core_.clock.now());
    return conclude(request, answer, call);
}

Task<Method::Failure> Method::fetch(OutgoingRequest request, CachePlan plan, Call call) const {
    HttpCache& cache = *client_.cache;
    const std::string url = request.url();
    const OutgoingRequest asked = request;  // what the answer will be kept for
    for (const auto& [name, value] : plan.validators) request.set_header(name, value);
    std::optional<http::ClientResponse> answer;
    auto failure = co_await guarded(std::move(request), {.deadline = call.deadline, .raw = &answer});
    if (!answer) {
        const StoredPtr stale = cache.instead_of_failure(cache_request(asked, url), plan);
        if (!stale) co_return failure;
        client_.cache_results[static_cast<std::size_t>(CacheResult::stale)].increment();
        core_.options.telemetry.log.warn(
            "{} {}: a stale answer of {} s is served: {}",
            asked.method_text(),
            url,
            std::chrono::duration_cast<std::chrono::seconds>(stale->age(core_.clock.now())).count(),
            failure->message()
        );
        co_return serve(*stale, asked, call);
    }
    const auto outcome = cache.received(cache_request(asked, url), plan, *answer);
    if (outcome.stored) {
        client_.cache_results[static_cast<std::size_t>(outcome.result)].increment();
        co_return serve(*outcome.stored, asked, call);
    }
    co_return conclude(asked, *answer, call);
}

Task<> Method::refresh(OutgoingRequest request, CachePlan plan, Flights::Leader) const {
    // Nobody waits for this one: it has time of its own.
    TaskContext::current().deadline = Deadline();
    std::optional<http::ClientResponse> answer;
    const Call call{.deadline = deadline_of(std::nullopt), .raw = &answer};
    (void)co_await fetch(std::move(request), std::move(plan), call);
}

}  // namespace flotilla::remote::detail
