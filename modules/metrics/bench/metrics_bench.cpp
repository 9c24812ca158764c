/// What measuring costs.

#include <benchmark/benchmark.h>

#include "flotilla/metrics/meter_cache.hpp"
#include "flotilla/metrics/registry.hpp"

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;

const std::vector<Duration> twelve_bounds{
    1ms, 5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2500ms, 5s, 10s
};

RegistryOptions no_limits() {
    return {.maximum_series = 10'000'000, .maximum_per_family = 10'000'000};
}

Registry& shared_registry() {
    static Registry registry(no_limits());
    return registry;
}

void counter_increment(benchmark::State& state) {
    const Counter counter = shared_registry().counter("bench.counter");
    for (auto _ : state) {
        counter.increment();
        benchmark::ClobberMemory();
    }
}

BENCHMARK(counter_increment)->ThreadRange(1, 2);

void counter_denied(benchmark::State& state) {
    Registry registry;
    registry.add_filter(filters::deny(filters::name_starts_with("bench")));
    const Counter counter = registry.counter("bench.denied");
    for (auto _ : state) {
        counter.increment();
        benchmark::ClobberMemory();
    }
}

BENCHMARK(counter_denied);

void timer_record(benchmark::State& state, const TimerOptions& options) {
    Registry registry;
    const Timer timer = registry.timer("bench.timer", {}, options);
    std::uint64_t x = 88172645463325252u;
    for (auto _ : state) {
        // Spread over all buckets, so that the branch predictor cannot learn the way.
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        timer.record(Duration{static_cast<std::int64_t>(x >> (30 + (x & 15)))});
    }
}

BENCHMARK_CAPTURE(timer_record, plain, {});
BENCHMARK_CAPTURE(timer_record, twelve_slo, {.slo = twelve_bounds});
BENCHMARK_CAPTURE(timer_record, histogram_69, {.percentile_histogram = true});
BENCHMARK_CAPTURE(timer_record, percentiles, {.percentiles = {0.5, 0.95}});

/// The cost of the numbers alone, to be taken off the figures above.
void random_duration(benchmark::State& state) {
    std::uint64_t x = 88172645463325252u;
    for (auto _ : state) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        benchmark::DoNotOptimize(x >> (30 + (x & 15)));
    }
}

BENCHMARK(random_duration);

void timed_scope(benchmark::State& state) {
    const Clock& clock = Clock::system();
    const Timer timer = shared_registry().timer("bench.scope", {}, {.slo = twelve_bounds});
    for (auto _ : state) timer.record(clock, [] { benchmark::ClobberMemory(); });
}

BENCHMARK(timed_scope);

void summary_record(benchmark::State& state) {
    const Summary summary = shared_registry().summary("bench.summary", {}, {.unit = "bytes"});
    double amount = 0;
    for (auto _ : state) summary.record(amount += 1);
}

BENCHMARK(summary_record);

void long_task_start_stop(benchmark::State& state) {
    const LongTaskTimer timer = shared_registry().long_task_timer("bench.long");
    for (auto _ : state) {
        const LongTaskTimer::Task task = timer.start(TimePoint{});
        benchmark::DoNotOptimize(&task);
    }
}

BENCHMARK(long_task_start_stop);

void lookup_by_strings(benchmark::State& state) {
    Registry& registry = shared_registry();
    for (auto _ : state) {
        benchmark::DoNotOptimize(registry.counter(
            "bench.lookup",
            {{"method", "GET"},
             {"status", "200"},
             {"uri", "/users/{id}"},
             {"error", "none"},
             {"outcome", "SUCCESS"}}
        ));
    }
}

BENCHMARK(lookup_by_strings);

void lookup_by_cache(benchmark::State& state) {
    Registry& registry = shared_registry();
    MeterCache<Counter> cache;
    for (std::uint64_t i = 0; i < 50; ++i) {
        cache.get(cache_key(i, 200, 1), [&] {
            return registry.counter("bench.cached", {{"uri", std::to_string(i)}});
        });
    }
    std::uint64_t route = 0;
    for (auto _ : state) {
        route = route == 49 ? 0 : route + 1;
        cache.get(cache_key(route, 200, 1), [] { return Counter(); }).increment();
    }
}

BENCHMARK(lookup_by_cache);

void scrape(benchmark::State& state) {
    Registry registry(no_limits());
    const auto series = static_cast<int>(state.range(0));
    for (int i = 0; i < series; ++i) {
        registry
            .counter(
                "bench.family" + std::to_string(i / 1000),
                {{"uri", "/users/" + std::to_string(i)}, {"method", "GET"}, {"status", "200"}}
            )
            .increment(i * 1.5);
    }
    std::size_t bytes = 0;
    for (auto _ : state) {
        const std::string text = registry.scrape();
        bytes = text.size();
        benchmark::DoNotOptimize(text.data());
    }
    state.counters["bytes"] = static_cast<double>(bytes);
}

BENCHMARK(scrape)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

/// Ten thousand lines of timers with buckets.
void scrape_timers(benchmark::State& state) {
    Registry registry(no_limits());
    for (int i = 0; i < 10'000 / 16; ++i) {
        registry.timer("bench.timers", {{"uri", "/users/" + std::to_string(i)}}, {.slo = twelve_bounds})
            .record(std::chrono::microseconds(i * 37));
    }
    for (auto _ : state) benchmark::DoNotOptimize(registry.scrape().data());
}

BENCHMARK(scrape_timers)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace flotilla::metrics
