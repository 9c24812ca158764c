#pragma once
/// How callers spread over the instances of a service.

#include <chrono>
#include <cstdint>
#include <string>

namespace flotilla::discovery {

enum class Algorithm : std::uint8_t {
    least_loaded,  ///< of two random ones, the one with fewer calls of ours under way
    round_robin,
    random,
    peak_ewma,  ///< of two random ones, the one with the lower latency times load
    weighted,   ///< smooth weighted round robin over metadata `weight`
    ring_hash,  ///< equal keys to one instance; a change moves few keys
    maglev,     ///< the same by a table: picks faster, moves about twice as many keys
};

/// When an instance is left out for a while because calls to it fail.
struct OutlierConfig {
    bool enabled = true;
    std::uint32_t consecutive_5xx = 5;                     ///< 0: never, as for each of these
    std::uint32_t consecutive_gateway_failure = 0;         ///< 502, 503, 504, no answer in time
    std::uint32_t consecutive_connect_failure = 1;         ///< nobody listens there
    std::chrono::milliseconds interval{10'000};            ///< between two sweeps
    std::chrono::milliseconds base_ejection_time{30'000};  ///< times how often it was ejected
    std::chrono::milliseconds max_ejection_time{300'000};
    std::uint32_t max_ejection_percent = 10;  ///< of the instances; one at least
    /// Of those at which nobody listens: the evidence is certain, so more may go.
    std::uint32_t max_connect_ejection_percent = 50;
    std::uint32_t success_rate_minimum_hosts = 5;
    std::uint32_t success_rate_request_volume = 100;
    double success_rate_stdev_factor = 1.9;
    std::uint32_t failure_percentage_threshold = 85;
    std::uint32_t failure_percentage_minimum_hosts = 5;
    std::uint32_t failure_percentage_request_volume = 50;
};

/// A new instance gets its share little by little.
struct SlowStartConfig {
    std::chrono::milliseconds window{0};  ///< 0: at once
    double aggression = 1.0;
    std::uint32_t min_weight_percent = 10;
};

/// A value; one for each service.
struct BalancerConfig {
    Algorithm algorithm = Algorithm::least_loaded;
    std::string zone;              ///< the caller's own
    bool zone_preference = false;  ///< own zone first; all where it has nobody
    bool same_instance = false;    ///< the one that was picked last, while it is there
    /// Of many instances only so many, others for each caller; 0: all.
    std::uint32_t subset_size = 0;
    std::string subset_id;                       ///< what tells callers apart: the id of the own instance
    std::uint32_t panic_threshold_percent = 50;  ///< fewer healthy ones than that: all are used
    std::uint32_t ring_size = 1024;              ///< least number of points on the hash ring
    OutlierConfig outlier;
    SlowStartConfig slow_start;
};

}  // namespace flotilla::discovery
