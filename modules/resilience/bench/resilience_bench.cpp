/// What a call pays for its policies. Names of breaker benchmarks: how the clock is read, then what the
/// window holds.

#include <benchmark/benchmark.h>

#include <memory>
#include <thread>

#include "flotilla/resilience/adaptive_limiter.hpp"
#include "flotilla/resilience/bulkhead.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "flotilla/resilience/rate_limiter.hpp"
#include "flotilla/resilience/retry.hpp"

namespace flotilla::resilience {

namespace {

using namespace std::chrono_literals;

constexpr TimePoint zero{1h};

/// Never opens by what is done to it here.
CircuitBreakerConfig tolerant(SlidingWindowType type = SlidingWindowType::count_based) {
    return {.failure_rate_threshold = 100, .sliding_window_type = type};
}

std::unique_ptr<CircuitBreaker> shared;

void make_count(const benchmark::State&) {
    shared = std::make_unique<CircuitBreaker>("x", tolerant());
}

void make_time(const benchmark::State&) {
    shared = std::make_unique<CircuitBreaker>("x", tolerant(SlidingWindowType::time_based));
}

void make_kept(const benchmark::State& state) {
    make_count(state);
    shared->events().keep(100);
}

void drop(const benchmark::State&) {
    shared.reset();
}

/// Admission and result, the caller's time.
void clock_passed_in(benchmark::State& state) {
    TimePoint now = zero;
    for (auto _ : state) {
        auto permit = shared->try_acquire(now);
        benchmark::DoNotOptimize(permit);
        now += 1us;
        permit.succeeded(now);
    }
}

/// One call of a hundred fails.
void one_percent_fails(benchmark::State& state) {
    TimePoint now = zero;
    int call = 0;
    for (auto _ : state) {
        auto permit = shared->try_acquire(now);
        benchmark::DoNotOptimize(permit);
        now += 1us;
        if (++call == 100) {
            call = 0;
            permit.failed_with(now, "503");
        } else {
            permit.succeeded(now);
        }
    }
}

void own_clock(benchmark::State& state) {
    for (auto _ : state) {
        auto result = shared->call([] { return Result<void>(); });
        benchmark::DoNotOptimize(result);
    }
}

void refused(benchmark::State& state) {
    for (auto _ : state) {
        auto permit = shared->try_acquire(zero);
        benchmark::DoNotOptimize(permit);
    }
}

void make_open(const benchmark::State& state) {
    make_count(state);
    std::ignore = shared->transition_to(BreakerState::open, zero);
}

/// One thread, two, and sixteen where there are as many cores.
void up_to_sixteen_cores(benchmark::internal::Benchmark* benchmark) {
    benchmark->ThreadRange(1, 2);
    if (std::thread::hardware_concurrency() >= 16) benchmark->Threads(16);
}

BENCHMARK(clock_passed_in)
    ->Name("breaker_clock_passed_in/calm")
    ->Setup(make_count)
    ->Teardown(drop)
    ->Apply(up_to_sixteen_cores);
BENCHMARK(clock_passed_in)
    ->Name("breaker_clock_passed_in/seconds")
    ->Setup(make_time)
    ->Teardown(drop)
    ->ThreadRange(1, 2);
BENCHMARK(clock_passed_in)
    ->Name("breaker_clock_passed_in/events_kept")
    ->Setup(make_kept)
    ->Teardown(drop)
    ->ThreadRange(1, 2);
BENCHMARK(one_percent_fails)
    ->Name("breaker_one_percent_fails/calls")
    ->Setup(make_count)
    ->Teardown(drop)
    ->Apply(up_to_sixteen_cores);
BENCHMARK(one_percent_fails)
    ->Name("breaker_one_percent_fails/seconds")
    ->Setup(make_time)
    ->Teardown(drop)
    ->ThreadRange(1, 2);
BENCHMARK(own_clock)->Name("breaker_own_clock/calm")->Setup(make_count)->Teardown(drop)->ThreadRange(1, 2);
BENCHMARK(own_clock)->Name("breaker_own_clock/seconds")->Setup(make_time)->Teardown(drop)->ThreadRange(1, 2);
BENCHMARK(refused)->Name("breaker_refused")->Setup(make_open)->Teardown(drop)->ThreadRange(1, 2);

void rate_limiter(benchmark::State& state, RateAlgorithm algorithm) {
    RateLimiter limiter(
        "x", {.limit_for_period = 1'000'000, .limit_refresh_period = 1ms, .algorithm = algorithm}, zero
    );
    TimePoint now = zero;
    for (auto _ : state) {
        now += 1us;
        benchmark::DoNotOptimize(limiter.reserve(now));
    }
}

BENCHMARK_CAPTURE(rate_limiter, cycle, RateAlgorithm::cycle);
BENCHMARK_CAPTURE(rate_limiter, gcra, RateAlgorithm::gcra);

void bulkhead(benchmark::State& state) {
    static Bulkhead one("x");
    for (auto _ : state) benchmark::DoNotOptimize(one.try_enter());
}

BENCHMARK(bulkhead)->ThreadRange(1, 2);

void retry_without_need(benchmark::State& state) {
    Retry retry("x");
    RetryBudget budget;
    for (auto _ : state) {
        auto attempts = retry.start(&budget);
        benchmark::DoNotOptimize(attempts.succeeded(zero));
    }
}

BENCHMARK(retry_without_need);

void adaptive_limiter(benchmark::State& state) {
    AdaptiveLimiter limiter("x");
    TimePoint now = zero;
    for (auto _ : state) {
        auto call = limiter.acquire(now);
        now += 200us;
        call.succeeded(now);
    }
}

BENCHMARK(adaptive_limiter);

}  // namespace

}  // namespace flotilla::resilience
