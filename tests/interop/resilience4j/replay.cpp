/// Plays the scripts that interop.Replay plays, and prints the same.

#include <bit>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "flotilla/resilience/rate_limiter.hpp"
#include "flotilla/resilience/retry.hpp"

namespace {

using namespace flotilla;
using namespace flotilla::resilience;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

using Words = std::vector<std::string>;

std::int64_t whole(const std::string& word) {
    return std::stoll(word);
}

std::uint32_t count(const std::string& word) {
    return static_cast<std::uint32_t>(whole(word));
}

class Player {
public:
    virtual ~Player() = default;
    virtual std::string play(const Words& words) = 0;
};

const Error ordinary{Errc::io, "error"};
const Error ignored{Errc::conflict, "ignored"};

Backoff backoff(const std::string& initial, const std::string& multiplier, const std::string& maximum) {
    return Backoff::exponential(
        milliseconds(whole(initial)), std::stod(multiplier), milliseconds(whole(maximum))
    );
}

class BreakerPlayer final : public Player {
public:
    explicit BreakerPlayer(const Words& w) {
        CircuitBreakerConfig config{
            .failure_rate_threshold = std::stof(w[4]),
            .slow_call_rate_threshold = std::stof(w[5]),
            .slow_call_duration_threshold = milliseconds(whole(w[6])),
            .sliding_window_type =
                w[1] == "TIME_BASED" ? SlidingWindowType::time_based : SlidingWindowType::count_based,
            .sliding_window_size = count(w[2]),
            .minimum_number_of_calls = count(w[3]),
            .wait_in_open_state = backoff(w[7], w[8], w[9]),
            .permitted_number_of_calls_in_half_open_state = count(w[10]),
            .late_results = LateResults::record,
        };
        config.errors.ignored = ErrorMatcher::of({"conflict"}).value();
        breaker_ = std::make_unique<CircuitBreaker>("x", config, clock_);
    }

    std::string play(const Words& w) override {
        std::string_view note = "-";
        const TimePoint now = clock_.now();
        if (w[0] == "advance") {
            clock_.advance(nanoseconds(whole(w[1])));
        } else if (w[0] == "acquire") {
            auto permit = breaker_->try_acquire(now);
            note = permit ? "admitted" : "refused";
            if (permit) running_.push_back(std::move(permit));
        } else if (w[0] == "reset") {
            breaker_->reset(now);
        } else if (w[0] == "to") {
            for (int state = 0; state < 6; ++state) {
                const auto to = static_cast<BreakerState>(state);
                if (to_string(to) == w[1] && !breaker_->transition_to(to, now)) note = "illegal";
            }
        } else if (!running_.empty()) {
            auto permit = std::move(running_.front());
            running_.pop_front();
            if (w[0] == "success") permit.succeeded(now, nanoseconds(whole(w[1])));
            if (w[0] == "error") permit.failed(now, ordinary, nanoseconds(whole(w[1])));
            if (w[0] == "ignored") permit.failed(now, ignored, nanoseconds(whole(w[1])));
        }
        const BreakerMetrics m = breaker_->metrics(clock_.now());
        std::ostringstream out;
        out << note << ' ' << to_string(breaker_->state()) << ' ' << m.buffered_calls << ' ' << m.failed_calls
            << ' ' << m.slow_calls << ' ' << m.slow_failed_calls << ' ' << m.not_permitted_calls << ' '
            << std::bit_cast<std::int32_t>(m.failure_rate) << ' '
            << std::bit_cast<std::int32_t>(m.slow_call_rate);
        return out.str();
    }

private:
    ManualClock clock_;
    std::unique_ptr<CircuitBreaker> breaker_;
    std::deque<CircuitBreaker::Permit> running_;
};

class LimiterPlayer final : public Player {
public:
    explicit LimiterPlayer(const Words& w)
        : limiter_(
              "x",
              {.limit_for_period = count(w[1]),
               .limit_refresh_period = milliseconds(whole(w[2])),
               .timeout_duration = milliseconds(whole(w[3]))},
              clock_.now()
          ) {}

    std::string play(const Words& w) override {
        std::int64_t wait = 0;
        if (w[0] == "advance") clock_.advance(nanoseconds(whole(w[1])));
        if (w[0] == "limit") limiter_.change_limit_for_period(count(w[1]));
        if (w[0] == "reserve") {
            const auto reserved = limiter_.reserve(clock_.now(), count(w[1]));
            wait = reserved ? reserved->count() : -1;
        }
        return std::to_string(wait) + " " + std::to_string(limiter_.available_permissions(clock_.now()));
    }

private:
    ManualClock clock_;
    RateLimiter limiter_;
};

class RetryPlayer final : public Player {
public:
    explicit RetryPlayer(const Words& w) : retry_("x", config(w)), call_(retry_.start()) {}

    std::string play(const Words& w) override {
        const TimePoint now{};
        const auto wait = w[0] == "good"    ? call_.succeeded(now)
                          : w[0] == "bad"   ? call_.bad_result(now)
                          : w[0] == "error" ? call_.failed(ordinary, now)
                                            : call_.failed(ignored, now);
        if (!wait) call_ = retry_.start();
        const Retry::Counts counts = retry_.counts();
        std::ostringstream out;
        out << (wait ? std::chrono::duration_cast<milliseconds>(*wait).count() : -1) << ' '
            << counts.successful_without_retry << ' ' << counts.successful_with_retry << ' '
            << counts.failed_without_retry << ' ' << counts.failed_with_retry;
        return out.str();
    }

private:
    static RetryConfig config(const Words& w) {
        RetryConfig config;
        config.max_attempts = count(w[1]);
        config.wait = backoff(w[2], w[3], w[4]);
        config.ignored = ErrorMatcher::of({"conflict"}).value();
        return config;
    }

    Retry retry_;
    Retry::Attempts call_;
};

}  // namespace

int main() {
    std::unique_ptr<Player> player;
    for (std::string line; std::getline(std::cin, line);) {
        Words words;
        for (const std::string_view word : split(line, ' ')) words.emplace_back(word);
        if (words[0] == "breaker") {
            player = std::make_unique<BreakerPlayer>(words);
        } else if (words[0] == "limiter") {
            player = std::make_unique<LimiterPlayer>(words);
        } else if (words[0] == "retrying") {
            player = std::make_unique<RetryPlayer>(words);
        } else {
            std::cout << player->play(words) << '\n';
            continue;
        }
        std::cout << words[0] << '\n';
    }
}
