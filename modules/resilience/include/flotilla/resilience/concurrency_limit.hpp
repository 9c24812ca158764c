#pragma once
/// How many calls may be under way at once, found out by watching how long they take: Netflix's algorithms.
/// Each is a plain value that is told of samples and says the new limit.

#include <cstdint>
#include <optional>
#include <variant>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::resilience {

/// A call that has ended, or several as one.
struct LimitSample {
    Duration rtt{};
    std::uint32_t inflight = 0;  ///< when it began, itself included
    bool dropped = false;        ///< timed out or refused by the other side
};

/// Adds one while the limit is used, multiplies by the back-off ratio after a drop.
class AimdLimit {
public:
    struct Config {
        int initial_limit = 20;
        int min_limit = 20;
        int max_limit = 200;
        double backoff_ratio = 0.9;
        Duration timeout = std::chrono::seconds(5);  ///< slower counts as dropped
    };

    AimdLimit() : AimdLimit(Config{}) {}

    explicit AimdLimit(Config config) : config_(config), limit_(config.initial_limit) {}

    int update(const LimitSample& sample, Random& random);

    [[nodiscard]] int limit() const noexcept { return limit_; }

private:
    Config config_;
    int limit_;
};

/// Estimates the queue at the other side from the least time that a call has taken.
class VegasLimit {
public:
    struct Config {
        int initial_limit = 20;
        int max_limit = 1000;
        double smoothing = 1.0;
        int probe_multiplier = 30;
    };

    VegasLimit() : VegasLimit(Config{}) {}

    explicit VegasLimit(Config config) : config_(config), limit_(config.initial_limit) {}

    int update(const LimitSample& sample, Random& random);

    [[nodiscard]] int limit() const noexcept { return static_cast<int>(limit_); }

    [[nodiscard]] Duration rtt_no_load() const noexcept { return rtt_no_load_; }

private:
    Config config_;
    double limit_;
    Duration rtt_no_load_{};
    std::uint64_t probe_count_ = 0;
    std::optional<double> probe_jitter_{};
};

/// Follows the ratio of the long-term to the current time of a call.
class Gradient2Limit {
public:
    struct Config {
        int initial_limit = 20;
        int min_limit = 20;
        int max_limit = 200;
        double smoothing = 0.2;
        int queue_size = 4;
        double rtt_tolerance = 1.5;
        int long_window = 600;
    };

    Gradient2Limit() : Gradient2Limit(Config{}) {}

    explicit Gradient2Limit(Config config) : config_(config), limit_(config.initial_limit) {}

    int update(const LimitSample& sample, Random& random);

    [[nodiscard]] int limit() const noexcept { return static_cast<int>(limit_); }

private:
    Config config_;
    double limit_;
    double long_rtt_ = 0;
    double sum_ = 0;
    int count_ = 0;
};

/// Envoy's gradient: with a minimum that is measured anew from time to time, at a small limit.
class EnvoyGradientLimit {
public:
    struct Config {
        int initial_limit = 20;
        int max_limit = 1000;
        double buffer = 0.25;        ///< tolerated above the minimum
        int measuring_limit = 3;     ///< while the minimum is measured
        int measuring_samples = 50;  ///< windows until it is known
        int remeasure_after = 600;   ///< windows, with up to 15 % of jitter
    };

    EnvoyGradientLimit() : EnvoyGradientLimit(Config{}) {}

    explicit EnvoyGradientLimit(Config config) : config_(config), limit_(config.initial_limit) {}

    int update(const LimitSample& sample, Random& random);

    [[nodiscard]] int limit() const noexcept { return measuring_ ? config_.measuring_limit : limit_; }

private:
    Config config_;
    int limit_;
    bool measuring_ = true;
    int measured_ = 0;
    int until_measuring_ = 0;
    Duration candidate_ = Duration::max();
    Duration minimum_{};
};

/// Always the same.
class FixedLimit {
public:
    explicit FixedLimit(int limit) : limit_(limit) {}

    int update(const LimitSample&, Random&) { return limit_; }

    [[nodiscard]] int limit() const noexcept { return limit_; }

private:
    int limit_;
};

using ConcurrencyLimit = std::variant<FixedLimit, AimdLimit, VegasLimit, Gradient2Limit, EnvoyGradientLimit>;

}  // namespace flotilla::resilience
