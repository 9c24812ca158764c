#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

#include "flotilla/actuator/resilience_endpoints.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::actuator {

namespace {

using metrics::Tags;
using resilience::BreakerMetrics;
using resilience::BreakerState;
using resilience::CallKind;
using resilience::CircuitBreaker;

constexpr std::array states{
    BreakerState::closed,
    BreakerState::open,
    BreakerState::half_open,
    BreakerState::disabled,
    BreakerState::forced_open,
    BreakerState::metrics_only
};

Tags tags_of(std::string_view name, const std::string& group) {
    const Tags tags{{"name", name}};
    return group.empty() ? tags : tags.with("group", group);
}

class BreakerCalls final : public resilience::CallObserver {
public:
    BreakerCalls(metrics::Registry& registry, const Tags& tags) {
        constexpr std::array<std::pair<CallKind, std::string_view>, 4> kinds{
            {{CallKind::successful, "successful"},
             {CallKind::failed, "failed"},
             {CallKind::ignored, "ignored"},
             {CallKind::stale, "stale"}}
        };
        for (const auto& [kind, text] : kinds) {
            timers_[static_cast<std::size_t>(kind)] = registry.timer(
                "resilience4j.circuitbreaker.calls",
                tags.with("kind", text),
                {.description = "Total number of calls which have ended, by kind"}
            );
        }
        not_permitted_ = registry.counter(
            "resilience4j.circuitbreaker.not.permitted.calls",
            tags.with("kind", "not_permitted"),
            {.description = "Total number of not permitted calls"}
        );
    }

    void call_ended(CallKind kind, TimePoint, Duration duration) noexcept override {
        if (kind == CallKind::not_permitted) {
            not_permitted_.increment();
        } else {
            timers_[static_cast<std::size_t>(kind)].record(duration);
        }
    }

private:
    std::array<metrics::Timer, 5> timers_{};
    metrics::Counter not_permitted_;
};

/// One meter for the calls that went well and one for each name of an error.
class TimerCalls final : public resilience::TimerObserver {
public:
    TimerCalls(metrics::Registry& registry, std::string name, const Tags& tags)
        : registry_(registry),
          name_(std::move(name)),
          failed_(tags.with("kind", "failed")),
          successful_(registry.timer(name_, tags.with("kind", "successful"), options())) {}

    void call_ended(Duration took, const Error* error) noexcept override {
        if (error) {
            registry_.timer(name_, failed_.with("failure", resilience::name_of(*error)), options())
                .record(took);
        } else {
            successful_.record(took);
        }
    }

private:
    static metrics::TimerOptions options() { return {.description = "Timed decorated operation calls"}; }

    metrics::Registry& registry_;
    const std::string name_;
    const Tags failed_;
    metrics::Timer successful_;
};

}  // namespace

/// Remembers what it has registered, to take it out again.
struct ResilienceMeters::Bound {
    Bound(metrics::Registry& into, const Clock& time) : registry(into), clock(time) {}

    void gauge(std::string name, const Tags& tags, std::function<double()> read, std::string description) {
        registry.gauge(name, tags, std::move(read), {.description = std::move(description)});
        remember(std::move(name), tags);
    }

    void counter(std::string name, const Tags& tags, std::function<double()> read, std::string description) {
        registry.function_counter(name, tags, std::move(read), {.description = std::move(description)});
        remember(std::move(name), tags);
    }

    void remember(std::string name, const Tags& tags) {
        const std::scoped_lock lock(mutex);
        registered.emplace_back(std::move(name), tags);
    }

    void breaker(CircuitBreaker& one, const std::string& group);
    void retry(const resilience::Retry& one, const std::string& group);
    void time_limiter(const resilience::TimeLimiter& one, const std::string& group);
    void bulkhead(const resilience::Bulkhead& one, const std::string& group);
    void queue_bulkhead(const resilience::QueueBulkhead& one, const std::string& group);
    void rate_limiter(const resilience::RateLimiter& one, const std::string& group);
    void timer(resilience::Timer& one, const std::string& group);

    metrics::Registry& registry;
    const Clock& clock;
    std::mutex mutex;
    std::vector<std::pair<std::string, Tags>> registered;
    std::atomic<bool> ended{false};  ///< policies made from now on are not bound
};

void ResilienceMeters::Bound::breaker(CircuitBreaker& one, const std::string& group) {
    const Tags tags = tags_of(one.name(), group);
    one.observe(std::make_shared<BreakerCalls>(registry, tags));
    for (const BreakerState state : states) {
        gauge(
            "resilience4j.circuitbreaker.state",
            tags.with("state", to_lower(to_string(state))),
            [&one, state, this] { return one.state(clock.now()) == state ? 1.0 : 0.0; },
            "The states of the circuit breaker"
        );
    }
    const auto figure = [&](std::string name, const Tags& own, auto read, std::string description) {
        gauge(
            std::move(name),
            own,
            [&one, this, read] { return static_cast<double>(read(one.metrics(clock.now()))); },
            std::move(description)
        );
    };
    const Tags successful = tags.with("kind", "successful");
    const Tags failed = tags.with("kind", "failed");
    const std::string buffered = "resilience4j.circuitbreaker.buffered.calls";
    const std::string slow = "resilience4j.circuitbreaker.slow.calls";
    const std::string buffered_text = "The number of buffered calls stored in the ring buffer";
    const std::string slow_text = "The number of calls which were slower than a certain threshold";
    figure(buffered, successful, [](const BreakerMetrics& m) { return m.successful_calls(); }, buffered_text);
    figure(buffered, failed, [](const BreakerMetrics& m) { return m.failed_calls; }, buffered_text);
    figure(slow, successful, [](const BreakerMetrics& m) { return m.slow_successful_calls(); }, slow_text);
    figure(slow, failed, [](const BreakerMetrics& m) { return m.slow_failed_calls; }, slow_text);
    figure(
        "resilience4j.circuitbreaker.failure.rate",
        tags,
        [](const BreakerMetrics& m) { return m.failure_rate; },
        "The failure rate of the circuit breaker"
    );
    figure(
        "resilience4j.circuitbreaker.slow.call.rate",
        tags,
        [](const BreakerMetrics& m) { return m.slow_call_rate; },
        "The slow call of the circuit breaker"
    );
}

void ResilienceMeters::Bound::retry(const resilience::Retry& one, const std::string& group) {
    using Counts = resilience::Retry::Counts;
    const auto kind = [&](std::string_view text, std::uint64_t Counts::* count) {
        counter(
            "resilience4j.retry.calls",
            tags_of(one.name(), group).with("kind", text),
            [&one, count] { return static_cast<double>(one.counts().*count); },
            "The number of calls, by whether and how often they were tried again"
        );
    };
    kind("successful_without_retry", &Counts::successful_without_retry);
    kind("successful_with_retry", &Counts::successful_with_retry);
    kind("failed_without_retry", &Counts::failed_without_retry);
    kind("failed_with_retry", &Counts::failed_with_retry);
}

void ResilienceMeters::Bound::time_limiter(const resilience::TimeLimiter& one, const std::string& group) {
    using Counts = resilience::TimeLimiter::Counts;
    const auto kind = [&](std::string_view text, std::uint64_t Counts::* count) {
        counter(
            "resilience4j.timelimiter.calls",
            tags_of(one.name(), group).with("kind", text),
            [&one, count] { return static_cast<double>(one.counts().*count); },
            "The number of calls, by how they ended"
        );
    };
    kind("successful", &Counts::successful);
    kind("failed", &Counts::failed);
    kind("timeout", &Counts::timeout);
}

void ResilienceMeters::Bound::bulkhead(const resilience::Bulkhead& one, const std::string& group) {
    const Tags tags = tags_of(one.name(), group);
    gauge(
        "resilience4j.bulkhead.available.concurrent.calls",
        tags,
        [&one] { return static_cast<double>(one.available_concurrent_calls()); },
        "The number of available permissions"
    );
    gauge(
        "resilience4j.bulkhead.max.allowed.concurrent.calls",
        tags,
        [&one] { return static_cast<double>(one.max_allowed_concurrent_calls()); },
        "The maximum number of available permissions"
    );
}

void ResilienceMeters::Bound::queue_bulkhead(const resilience::QueueBulkhead& one, const std::string& group) {
    const Tags tags = tags_of(one.name(), group);
    const auto figure = [&](const char* name, auto read, const char* description) {
        gauge(
            std::string("resilience4j.bulkhead.") + name,
            tags,
            [&one, read] { return static_cast<double>(read(one)); },
            description
        );
    };
    using resilience::QueueBulkhead;
    figure("queue.depth", [](const QueueBulkhead& b) { return b.metrics().queue_depth; }, "The queue depth");
    figure(
        "queue.capacity",
        [](const QueueBulkhead& b) { return b.metrics().queue_capacity; },
        "The queue capacity"
    );
    figure(
        "thread.pool.size",
        [](const QueueBulkhead& b) { return b.metrics().thread_pool_size; },
        "The pool size"
    );
    figure(
        "max.thread.pool.size",
        [](const QueueBulkhead& b) { return b.config().max_thread_pool_size; },
        "The maximum pool size"
    );
    figure(
        "core.thread.pool.size",
        [](const QueueBulkhead& b) { return b.config().core_thread_pool_size; },
        "The core pool size"
    );
    figure(
        "active.thread.count",
        [](const QueueBulkhead& b) { return b.metrics().active_threads; },
        "The number of calls that run"
    );
    figure(
        "available.thread.count",
        [](const QueueBulkhead& b) { return b.config().max_thread_pool_size - b.metrics().active_threads; },
        "The number of calls that could run besides"
    );
}

void ResilienceMeters::Bound::rate_limiter(const resilience::RateLimiter& one, const std::string& group) {
    const Tags tags = tags_of(one.name(), group);
    gauge(
        "resilience4j.ratelimiter.available.permissions",
        tags,
        [&one, this] { return static_cast<double>(one.available_permissions(clock.now())); },
        "The number of available permissions"
    );
    gauge(
        "resilience4j.ratelimiter.waiting_threads",
        tags,
        [&one] { return static_cast<double>(one.waiting()); },
        "The number of waiting threads"
    );
}

void ResilienceMeters::Bound::timer(resilience::Timer& one, const std::string& group) {
    one.observe(std::make_shared<TimerCalls>(registry, one.config().metric_names, tags_of(one.name(), group))
    );
}

ResilienceMeters::ResilienceMeters(metrics::Registry& registry, resilience::Policies& policies)
    : bound_(std::make_shared<Bound>(registry, policies.clock())) {
    const auto binding = [this](auto bind) {
        return [bound = bound_, bind](auto& policy, const std::string& group) {
            if (!bound->ended) std::invoke(bind, *bound, policy, group);
        };
    };
    policies.circuit_breakers().for_each_added(binding(&Bound::breaker));
    policies.retries().for_each_added(binding(&Bound::retry));
    policies.time_limiters().for_each_added(binding(&Bound::time_limiter));
    policies.bulkheads().for_each_added(binding(&Bound::bulkhead));
    policies.queue_bulkheads().for_each_added(binding(&Bound::queue_bulkhead));
    policies.rate_limiters().for_each_added(binding(&Bound::rate_limiter));
    policies.timers().for_each_added(binding(&Bound::timer));
}

ResilienceMeters::~ResilienceMeters() {
    std::vector<std::pair<std::string, Tags>> registered;
    {
        const std::scoped_lock lock(bound_->mutex);
        bound_->ended = true;
        registered.swap(bound_->registered);
    }
    for (const auto& [name, tags] : registered) bound_->registry.remove(name, tags);
}

}  // namespace flotilla::actuator
