// A second attempt beside a slow one, at another instance: the first success counts, the other one is
// cancelled.

#include <array>

#include "client.hpp"
#include "remote_core.hpp"

namespace flotilla::remote::detail {

/// Two lanes of which one wins. Everything happens on one loop.
struct Method::Race {
    struct Lane {
        std::optional<http::ClientResponse> answer{};
        Failure failure{};
        std::string picked{};
        bool running = false;
        bool won = false;
    };

    OutgoingRequest request;
    Deadline deadline;
    std::array<Lane, 2> lanes{};
    runtime::Signal changed{};

    [[nodiscard]] bool won() const noexcept { return lanes[0].won || lanes[1].won; }

    [[nodiscard]] bool running() const noexcept { return lanes[0].running || lanes[1].running; }
};

Task<Method::Failure> Method::innermost(OutgoingRequest request, Call call) const {
    const bool wanted =
        client_.spec.settings.hedge.enabled && client_.cluster && http::is_safe(request.method());
    return wanted ? hedged(std::move(request), call) : attempts(std::move(request), call);
}

Task<Method::Failure> Method::hedged(OutgoingRequest request, Call call) const {
    const TimePoint began = core_.clock.now();
    Race lanes{.request = std::move(request), .deadline = call.deadline};
    const std::function<Task<bool>(runtime::TaskScope&)> body = [this, &lanes](runtime::TaskScope& scope) {
        return race(lanes, scope);
    };
    co_await runtime::in_scope(runtime::EventLoop::current(), body);
    Race::Lane& winner = lanes.lanes[lanes.lanes[1].won ? 1 : 0];
    if (winner.won) client_.latencies.add(core_.clock.now() - began);
    if (!winner.answer) co_return winner.failure;
    if (winner.failure && !call.raw) co_return winner.failure;
    co_return conclude(lanes.request, *winner.answer, call);
}

Task<bool> Method::race(Race& race, runtime::TaskScope& scope) const {
    race.lanes[0].running = true;
    scope.spawn("attempt", run_one(race, 0));
    const auto& settings = client_.spec.settings.hedge;
    std::optional<Duration> delay = client_.latencies.percentile_95();
    if (settings.delay.count() > 0) delay = settings.delay;
    if (delay && race.running()) {
        const Deadline patience = Deadline::after(core_.clock.now(), *delay);
        while (race.running() && !race.won()) {
            const runtime::Wake wake = co_await race.changed.wait(patience);
            if (wake == runtime::Wake::timed_out) break;
        }
    }
    resilience::RetryBudget::Ticket ticket;
    if (delay && race.lanes[0].running) ticket = client_.budget.try_retry();
    if (ticket) {
        race.lanes[1].running = true;
        hedges_.increment();
        scope.spawn("hedge", run_one(race, 1));
    }
    while (race.running() && !race.won()) co_await race.changed.wait();
    co_return true;
}

Task<> Method::run_one(Race& race, std::size_t number) const {
    Race::Lane& lane = race.lanes[number];
    const Call call{
        .deadline = race.deadline,
        .raw = &lane.answer,
        .picked = &lane.picked,
        .avoid = number == 0 ? std::string_view() : std::string_view(race.lanes[0].picked)
    };
    lane.failure = co_await attempts(race.request, call);
    lane.running = false;
    lane.won = !lane.failure.has_value();
    race.changed.notify_all();
}

}  // namespace flotilla::remote::detail
