#include "window.hpp"

#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <deque>
#include <mutex>
#include <thread>

#include "breaker_fixture.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::resilience {

namespace {

using detail::Totals;

struct Outcome {
    bool failed = false;
    bool slow = false;
};

/// A list of the last outcomes: what the window must agree with.
class NaiveWindow {
public:
    explicit NaiveWindow(std::size_t size) : size_(size) {}

    void add(Outcome outcome) {
        outcomes_.push_back(outcome);
        if (outcomes_.size() > size_) outcomes_.pop_front();
    }

    [[nodiscard]] Totals totals() const {
        Totals totals;
        for (const Outcome& one : outcomes_) totals.add(one.failed, one.slow);
        return totals;
    }

private:
    std::size_t size_;
    std::deque<Outcome> outcomes_;
};

Totals totals_of(const CircuitBreaker& breaker, TimePoint now) {
    const BreakerMetrics metrics = breaker.metrics(now);
    return {metrics.buffered_calls, metrics.failed_calls, metrics.slow_calls, metrics.slow_failed_calls};
}

/// A breaker that only counts.
CircuitBreakerConfig counting_only(std::uint32_t size) {
    return {
        .slow_call_duration_threshold = 1ms,
        .sliding_window_size = size,
        .initial_state = BreakerState::metrics_only,
    };
}

Outcome random_outcome(Random& random, std::uint64_t bad_in_thousand) {
    Outcome outcome;
    if (random.below(1000) < bad_in_thousand) {
        const auto kind = random.below(3);
        outcome = {kind != 1, kind != 0};
    }
    return outcome;
}

void record(CircuitBreaker& breaker, const Outcome& outcome, TimePoint now) {
    auto permit = breaker.try_acquire(now);
    const Duration took = outcome.slow ? 2ms : 0ms;
    if (outcome.failed) {
        permit.failed(now, some_error(), took);
    } else {
        permit.succeeded(now, took);
    }
}

TEST(CountWindow, AgreesWithANaiveListCallByCall) {
    Random random(1);
    const ManualClock clock;
    for (const std::uint32_t size : {1U, 2U, 3U, 7U, 10U, 24U, 100U, 1000U}) {
        for (const std::uint64_t bad : {5U, 50U, 500U, 1000U}) {
            CircuitBreaker breaker("x", counting_only(size), clock);
            NaiveWindow model(size);
            for (int call = 0; call < 3000; ++call) {
                const Outcome outcome = random_outcome(random, bad);
                record(breaker, outcome, clock.now());
                model.add(outcome);
                ASSERT_EQ(totals_of(breaker, clock.now()), model.totals())
                    << size << " " << bad << " " << call;
            }
        }
    }
}

TEST(TimeWindow, AgreesWithANaiveListOfSeconds) {
    Random random(2);
    for (const std::uint32_t size : {1U, 2U, 5U, 10U}) {
        auto config = counting_only(size);
        config.sliding_window_type = SlidingWindowType::time_based;
        ManualClock clock;
        CircuitBreaker breaker("x", config, clock);
        std::deque<std::pair<std::int64_t, Outcome>> model;
        for (int call = 0; call < 5000; ++call) {
            clock.advance(random.below(100) == 0 ? random.below(12) * 1s : random.below(50) * 1ms);
            const std::int64_t second = clock.now().time_since_epoch() / 1s;
            const Outcome outcome = random_outcome(random, 100);
            record(breaker, outcome, clock.now());
            model.emplace_back(second, outcome);
            while (model.front().first <= second - size) model.pop_front();
            Totals expected;
            for (const auto& [at, one] : model) expected.add(one.failed, one.slow);
            ASSERT_EQ(totals_of(breaker, clock.now()), expected) << size << " " << call;
        }
    }
}

/// One million outcomes by eight threads in rounds. A round's outcomes have an order that is known where it
/// matters: the threads take turns at random, and the log of the turns is the linearisation.
TEST(ResilienceFacts, F37_EightThreadsAgreeWithTheNaiveModelOfTheirLoggedOrder) {
    constexpr int threads = 8;
    constexpr int outcomes = 1'000'000;
    constexpr std::uint32_t size = 100;
    const ManualClock clock;
    const TimePoint now = clock.now();
    CircuitBreaker breaker("x", counting_only(size), clock);
    NaiveWindow model(size);
    std::mutex turn;
    int left = outcomes;
    int disagreements = 0;
    const auto work = [&](std::uint64_t seed) {
        Random random(seed);
        for (;;) {
            const Outcome outcome = random_outcome(random, 20);
            auto permit = breaker.try_acquire(now);  // outside of the turn: it races with the others
            const std::scoped_lock lock(turn);
            if (left == 0) return;
            --left;
            if (outcome.failed) {
                permit.failed(now, some_error(), outcome.slow ? 2ms : 0ms);
            } else {
                permit.succeeded(now, outcome.slow ? 2ms : 0ms);
            }
            model.add(outcome);
            if (left % 1000 == 0 && totals_of(breaker, now) != model.totals()) ++disagreements;
        }
    };
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back(work, static_cast<std::uint64_t>(i) + 1);
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(disagreements, 0);
    EXPECT_EQ(totals_of(breaker, now), model.totals());
}

/// Without turns: while nothing leaves the window, no order matters, and no outcome may be lost or doubled.
TEST(ResilienceFacts, F37_EightThreadsLoseNothingWhenTheyRace) {
    constexpr int threads = 8;
    constexpr int each = 125'000;
    for (const auto type : {SlidingWindowType::count_based, SlidingWindowType::time_based}) {
        auto config = counting_only(threads * each);
        if (type == SlidingWindowType::time_based) config = counting_only(60);
        config.sliding_window_type = type;
        const ManualClock clock;
        const TimePoint now = clock.now();
        CircuitBreaker breaker("x", config, clock);
        std::array<Totals, threads> own{};
        std::vector<std::thread> workers;
        for (std::size_t i = 0; i < threads; ++i) {
            workers.emplace_back([&, i] {
                Random random(i + 1);
                for (int call = 0; call < each; ++call) {
                    const Outcome outcome = random_outcome(random, 20);
                    // A second goes by every 5000 calls, for each thread at another moment.
                    const Duration passed = type == SlidingWindowType::time_based ? call / 5000 * 1s : 0s;
                    record(breaker, outcome, now + passed);
                    own[i].add(outcome.failed, outcome.slow);
                }
            });
        }
        for (std::thread& worker : workers) worker.join();
        Totals expected;
        for (const Totals& one : own) {
            expected.calls += one.calls;
            expected.failed += one.failed;
            expected.slow += one.slow;
            expected.slow_failed += one.slow_failed;
        }
        EXPECT_EQ(totals_of(breaker, now + 24s), expected);
    }
}

/// The end of the order is known: after racing, a full window of known outcomes must push out all else.
TEST(CountWindow, IsExactAfterARaceOfFullWindows) {
    constexpr int threads = 8;
    const ManualClock clock;
    const TimePoint now = clock.now();
    CircuitBreaker breaker("x", counting_only(50), clock);
    std::barrier<> all(threads);
    std::vector<std::thread> workers;
    std::atomic<int> wrong{0};
    for (std::size_t i = 0; i < threads; ++i) {
        workers.emplace_back([&, i] {
            Random random(i + 77);
            for (int round = 0; round < 200; ++round) {
                for (int call = 0; call < 200; ++call) record(breaker, random_outcome(random, 50), now);
                all.arrive_and_wait();
                if (i == 0) {
                    NaiveWindow model(50);
                    for (int call = 0; call < 50; ++call) {
                        const Outcome outcome = random_outcome(random, 300);
                        record(breaker, outcome, now);
                        model.add(outcome);
                    }
                    if (totals_of(breaker, now) != model.totals()) ++wrong;
                }
                all.arrive_and_wait();
            }
        });
    }
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(wrong.load(), 0);
}

}  // namespace

}  // namespace flotilla::resilience
