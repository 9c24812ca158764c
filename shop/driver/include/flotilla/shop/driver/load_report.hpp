#pragma once
/// The result of a load run: for people a table, for programs JSON.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/driver/tally.hpp"

namespace flotilla::shop::driver {

/// In milliseconds.
struct LatencyFigures {
    double mean = 0;
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
    double p999 = 0;
    double max = 0;
};

FLT_DESCRIBE(LatencyFigures, mean, p50, p90, p99, p999, max)

struct OperationReport {
    std::string operation;
    std::uint64_t count = 0;
    double per_second = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t refused = 0;
    std::uint64_t failed = 0;
    std::uint64_t retries = 0;
    std::uint64_t degraded = 0;
    LatencyFigures latency_ms;
    std::map<std::string, std::uint64_t> failures;
};

FLT_DESCRIBE(
    OperationReport,
    operation,
    count,
    per_second,
    succeeded,
    refused,
    failed,
    retries,
    degraded,
    latency_ms,
    failures
)

struct LoadReport {
    std::string mode;  ///< `closed`, or `open`: latencies then count from the moment that was planned
    std::uint64_t seed = 0;
    std::uint64_t users = 0;
    double seconds = 0;
    double error_share = 0;
    OperationReport overall;
    std::vector<OperationReport> operations;
    std::uint64_t orders_created = 0;
    std::uint64_t orders_unknown = 0;             ///< all tries ended without word
    double cpu_seconds = 0;                       ///< of the tool itself
    double cores_per_thousand = 0;                ///< what 1,000 requests a second cost it
    std::map<std::string, std::string> examples;  ///< one failure of each kind
};

FLT_DESCRIBE(
    LoadReport,
    mode,
    seed,
    users,
    seconds,
    error_share,
    overall,
    operations,
    orders_created,
    orders_unknown,
    cpu_seconds,
    cores_per_thousand,
    examples
)

/// The figures of the tally; the rest is the caller's.
LoadReport report_of(const LoadTally& tally, double seconds, double cpu_seconds);

std::string to_table(const LoadReport& report);
/// `  12 s   200 users    231/s   p50 3.1 ms   p99 22 ms   errors 0`
std::string progress_line(
    double seconds, std::uint64_t users, const LoadTally::Since& since, double over_seconds
);

}  // namespace flotilla::shop::driver
