#include "calls.hpp"

#include <algorithm>

#include "flotilla/resilience/properties.hpp"

namespace flotilla::service {

namespace {

using namespace std::chrono_literals;

/// How late an automatic transition of a circuit breaker may be.
constexpr Duration breaker_beat = 1ms;

/// Wakes one loop from any thread.
struct Alarm {
    explicit Alarm(runtime::EventLoop& its_loop) : loop(its_loop) {}

    runtime::EventLoop& loop;
    runtime::Signal rung;
};

}  // namespace

Result<std::unique_ptr<Calls>> Calls::make(Means means) {
    FLT_TRY(const auto properties, means.environment.bind<resilience::ResilienceProperties>("resilience4j"));
    FLT_TRY(auto policies, resilience::Policies::of(properties, means.runtime.clock()));
    return std::unique_ptr<Calls>(new Calls(std::move(means), std::move(policies)));
}

Calls::Calls(Means means, std::unique_ptr<resilience::Policies> policies)
    : means_(std::move(means)),
      policies_(std::move(policies)),
      streams_(*policies_),
      meters_(means_.meters, *policies_),
      remote_(
          means_.runtime,
          means_.environment,
          means_.balancer,
          {.telemetry =
               {.meters = &means_.meters, .tracer = &means_.tracer, .log = means_.log_system.logger("remote")
               },
           .logs = &means_.log_system,
           .policies = policies_.get(),
           .hystrix = &streams_.hystrix(),
           .on_problem = means_.problem}
      ),
      turbine_(means_.discovery, remote_.http(), means_.runtime.clock()) {
    for (auto& endpoint : actuator::resilience_endpoints(*policies_))
        means_.operations.add(std::move(endpoint));
    for (auto& endpoint : streams_.endpoints()) means_.operations.add(std::move(endpoint));
    actuator::add_resilience_health(means_.operations.health(), *policies_, means_.environment);
}

void Calls::mount_streams(http::Router& router) {
    if (means_.environment.get<bool>("hystrix.stream.enabled", false).value_or(false)) streams_.mount(router);
    if (means_.environment.get<bool>("turbine.stream.enabled", false).value_or(false)) turbine_.mount(router);
}

Task<> Calls::run() {
    // With each transition another timer may be the next.
    const auto alarm = std::make_shared<Alarm>(runtime::EventLoop::current());
    const auto ring = [alarm](const resilience::Event&) {
        alarm->loop.post([alarm] { alarm->rung.notify_all(); });
    };
    policies_->circuit_breakers().for_each_added([ring](auto& breaker, const std::string&) {
        breaker.events().subscribe(resilience::EventType::state_transition, ring);
    });
    for (;;) {
        const TimePoint now = means_.runtime.clock().now();
        const auto due = policies_->timer();
        const Deadline next = due ? Deadline(std::max(*due, now + breaker_beat)) : Deadline();
        (void)co_await alarm->rung.wait(next);
        policies_->tick(means_.runtime.clock().now());
    }
}

void Calls::end_streams() noexcept {
    turbine_.stop();
    streams_.stop();
}

Task<> Calls::stop() {
    co_await remote_.stop();
}

}  // namespace flotilla::service
