#include "flotilla/resilience/hystrix.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

#include "flotilla/reflect/json.hpp"
#include "hystrix_documents.hpp"

namespace flotilla::resilience {

namespace {

using std::chrono::milliseconds;

std::int64_t second_of(TimePoint at) noexcept {
    return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
}

std::int64_t in_milliseconds(Duration span) noexcept {
    return std::chrono::duration_cast<milliseconds>(span).count();
}

}  // namespace

std::size_t RollingCommand::cell_of(std::int64_t milliseconds) noexcept {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 0));
    if (value < 64) return static_cast<std::size_t>(value);
    const auto shift = static_cast<std::size_t>(std::bit_width(value)) - 6;  // value >> shift is 32 to 63
    return std::min(64 + (shift - 1) * 32 + static_cast<std::size_t>(value >> shift) - 32, cells - 1);
}

std::int64_t RollingCommand::milliseconds_of(std::size_t cell) noexcept {
    if (cell < 64) return static_cast<std::int64_t>(cell);
    const std::size_t shift = (cell - 64) / 32 + 1;
    return static_cast<std::int64_t>(((cell - 64) % 32 + 32) << shift);
}

RollingCommand::Bucket& RollingCommand::bucket(TimePoint now) noexcept {
    const std::int64_t second = second_of(now);
    Bucket& bucket = buckets_[static_cast<std::size_t>(second % seconds)];
    if (bucket.second < second) {
        bucket = {};
        bucket.second = second;
    }
    return bucket;
}

void RollingCommand::count(CommandEvent event, TimePoint now) noexcept {
    const std::scoped_lock lock(mutex_);
    ++bucket(now).counts[static_cast<std::size_t>(event)];
}

void RollingCommand::took(Duration duration, TimePoint now) noexcept {
    const std::scoped_lock lock(mutex_);
    Bucket& current = bucket(now);
    ++current.samples;
    current.total_ms += in_milliseconds(duration);
    ++current.histogram[cell_of(in_milliseconds(duration))];
}

RollingCommand::Figures RollingCommand::figures(TimePoint now) const {
    Figures figures;
    figures.histogram.resize(cells);
    const std::int64_t oldest = second_of(now) - seconds + 1;
    std::int64_t total_ms = 0;
    const std::scoped_lock lock(mutex_);
    for (const Bucket& bucket : buckets_) {
        if (bucket.second < oldest) continue;
        for (std::size_t i = 0; i < command_event_count; ++i) figures.counts[i] += bucket.counts[i];
        for (std::size_t i = 0; i < cells; ++i) figures.histogram[i] += bucket.histogram[i];
        figures.samples += bucket.samples;
        total_ms += bucket.total_ms;
    }
    if (figures.samples > 0) figures.mean_ms = total_ms / static_cast<std::int64_t>(figures.samples);
    return figures;
}

std::int64_t RollingCommand::Figures::percentile_ms(double percent) const noexcept {
    if (samples == 0) return 0;
    const double wanted = std::ceil(static_cast<double>(samples) * percent / 100.0);
    const auto rank = std::max<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1);
    std::uint64_t passed = 0;
    for (std::size_t cell = 0; cell < histogram.size(); ++cell) {
        passed += histogram[cell];
        if (passed >= rank) return milliseconds_of(cell);
    }
    return 0;
}

struct HystrixMetrics::Command final : CallObserver {
    void call_ended(CallKind kind, TimePoint now, Duration duration) noexcept override {
        switch (kind) {
            case CallKind::successful:
                rolling.count(CommandEvent::success, now);
                rolling.took(duration, now);
                break;
            case CallKind::failed:
                rolling.count(CommandEvent::failure, now);
                rolling.took(duration, now);
                break;
            case CallKind::ignored:
                rolling.count(CommandEvent::bad_request, now);
                break;
            case CallKind::not_permitted:
                rolling.count(CommandEvent::short_circuited, now);
                break;
            case CallKind::stale:
                break;
        }
    }

    RollingCommand rolling;
    std::string group;
};

/// Shared with the policies, which go on telling it after nobody asks any more.
struct HystrixMetrics::Commands {
    std::shared_ptr<Command> get(std::string_view name) {
        const std::scoped_lock lock(mutex);
        auto found = by_name.find(name);
        if (found == by_name.end()) {
            found = by_name.emplace(std::string(name), std::make_shared<Command>()).first;
        }
        return found->second;
    }

    std::mutex mutex;
    std::map<std::string, std::shared_ptr<Command>, std::less<>> by_name;
};

HystrixMetrics::HystrixMetrics(Policies& policies)
    : policies_(policies), commands_(std::make_shared<Commands>()) {
    policies.circuit_breakers().for_each_added(
        [commands = commands_](CircuitBreaker& breaker, const std::string& group) {
            const auto command = commands->get(breaker.name());
            command->group = group.empty() ? breaker.name() : group;
            breaker.observe(command);
        }
    );
    // A time limiter or bulkhead belongs to the command of its name.
    const auto counting = [commands = commands_](EventType type, CommandEvent as) {
        return [commands, type, as](auto& policy, const std::string&) {
            policy.events().subscribe(type, [command = commands->get(policy.name()), as](const Event& event) {
                command->rolling.count(as, event.at);
            });
        };
    };
    policies.time_limiters().for_each_added(counting(EventType::timeout, CommandEvent::timeout));
    policies.bulkheads().for_each_added(counting(EventType::call_rejected, CommandEvent::semaphore_rejected));
    policies.queue_bulkheads().for_each_added(
        counting(EventType::call_rejected, CommandEvent::thread_pool_rejected)
    );
}

HystrixMetrics::~HystrixMetrics() = default;

void HystrixMetrics::fallback(std::string_view name, CommandEvent event, TimePoint now) {
    commands_->get(name)->rolling.count(event, now);
}

std::vector<std::string> HystrixMetrics::documents(TimePoint now, WallTime wall) const {
    const std::int64_t wall_ms = in_milliseconds(wall.time_since_epoch());
    std::vector<std::string> documents;
    for (CircuitBreaker* breaker : policies_.circuit_breakers().all()) {
        const std::shared_ptr<Command> watched = commands_->get(breaker->name());
        const RollingCommand::Figures seen = watched->rolling.figures(now);
        const auto of = [&](CommandEvent event) { return seen.of(event); };
        const std::uint64_t timeouts = of(CommandEvent::timeout);
        // The breaker counts a timeout as a failure too.
        const std::uint64_t failures =
            of(CommandEvent::failure) - std::min(of(CommandEvent::failure), timeouts);
        const std::uint64_t rejections =
            of(CommandEvent::semaphore_rejected) + of(CommandEvent::thread_pool_rejected);
        const std::uint64_t errors = failures + timeouts + rejections;
        const std::uint64_t requests = errors + of(CommandEvent::success);
        const std::uint64_t unanswered = errors + of(CommandEvent::short_circuited);
        const auto latency = [&] {
            return detail::Percentiles{
                seen.percentile_ms(0),
                seen.percentile_ms(25),
                seen.percentile_ms(50),
                seen.percentile_ms(75),
                seen.percentile_ms(90),
                seen.percentile_ms(95),
                seen.percentile_ms(99),
                seen.percentile_ms(99.5),
                seen.percentile_ms(100)
            };
        }();
        const BreakerState state = breaker->state(now);
        const CircuitBreakerConfig& config = breaker->config();
        detail::CommandDocument document{
            .name = breaker->name(),
            .group = watched->group,
            .current_time = wall_ms,
            .is_circuit_breaker_open = state == BreakerState::open || state == BreakerState::forced_open,
            .error_percentage = requests > 0 ? errors * 100 / requests : 0,
            .error_count = errors,
            .request_count = requests,
            .rolling_count_bad_requests = of(CommandEvent::bad_request),
            .rolling_count_exceptions_thrown =
                unanswered - std::min(unanswered, of(CommandEvent::fallback_success)),
            .rolling_count_failure = failures,
            .rolling_count_fallback_failure = of(CommandEvent::fallback_failure),
            .rolling_count_fallback_missing = of(CommandEvent::fallback_missing),
            .rolling_count_fallback_success = of(CommandEvent::fallback_success),
            .rolling_count_semaphore_rejected = of(CommandEvent::semaphore_rejected),
            .rolling_count_short_circuited = of(CommandEvent::short_circuited),
            .rolling_count_success = of(CommandEvent::success),
            .rolling_count_thread_pool_rejected = of(CommandEvent::thread_pool_rejected),
            .rolling_count_timeout = timeouts,
            .latency_execute_mean = seen.mean_ms,
            .latency_execute = latency,
            .latency_total_mean = seen.mean_ms,
            .latency_total = latency,
            .request_volume_threshold = config.minimum_number_of_calls,
            .sleep_window_in_milliseconds = in_milliseconds(config.wait_in_open_state.initial),
            .error_threshold_percentage = static_cast<std::int64_t>(config.failure_rate_threshold),
            .force_open = state == BreakerState::forced_open,
            .force_closed = state == BreakerState::metrics_only,
            .enabled = state != BreakerState::disabled,
            .thread_pool = watched->group,
        };
        if (const TimeLimiter* limiter = policies_.time_limiters().find(breaker->name())) {
            const std::int64_t limit = in_milliseconds(limiter->config().timeout_duration);
            document.execution_isolation_thread_timeout_in_milliseconds = limit;
            document.execution_timeout_in_milliseconds = limit;
            document.execution_isolation_thread_interrupt_on_timeout =
                limiter->config().cancel_running_future;
        }
        if (const Bulkhead* bulkhead = policies_.bulkheads().find(breaker->name())) {
            const std::uint32_t most = bulkhead->max_allowed_concurrent_calls();
            document.execution_isolation_semaphore_max_concurrent_requests = most;
            document.current_concurrent_execution_count = most - bulkhead->available_concurrent_calls();
        }
        documents.push_back(reflect::to_json(document));
    }
    for (const QueueBulkhead* bulkhead : policies_.queue_bulkheads().all()) {
        const QueueBulkhead::Metrics metrics = bulkhead->metrics();
        detail::ThreadPoolDocument document{
            .name = bulkhead->name(),
            .current_time = wall_ms,
            .current_active_count = metrics.active_threads,
            .current_core_pool_size = bulkhead->config().core_thread_pool_size,
            .current_largest_pool_size = metrics.thread_pool_size,
            .current_maximum_pool_size = bulkhead->config().max_thread_pool_size,
            .current_pool_size = metrics.thread_pool_size,
            .current_queue_size = metrics.queue_depth,
            .queue_size_rejection_threshold = metrics.queue_capacity,
        };
        document.rolling_count_command_rejections =
            commands_->get(bulkhead->name())->rolling.figures(now).of(CommandEvent::thread_pool_rejected);
        documents.push_back(reflect::to_json(document));
    }
    return documents;
}

}  // namespace flotilla::resilience
