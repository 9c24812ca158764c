#include "flotilla/shop/driver/load_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace flotilla::shop::driver {

namespace {

double milliseconds(Duration span) {
    return static_cast<double>(span.count()) / 1e6;
}

double ratio(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

OperationReport report_of(std::string_view name, const OperationTally& tally, double seconds) {
    const LatencyHistogram& latencies = tally.latencies;
    return {
        .operation = std::string(name),
        .count = tally.count(),
        .per_second = ratio(static_cast<double>(tally.count()), seconds),
        .succeeded = tally.succeeded,
        .refused = tally.refused,
        .failed = tally.failed,
        .retries = tally.retries,
        .degraded = tally.degraded,
        .latency_ms =
            {.mean = milliseconds(latencies.mean()),
             .p50 = milliseconds(latencies.percentile(0.5)),
             .p90 = milliseconds(latencies.percentile(0.9)),
             .p99 = milliseconds(latencies.percentile(0.99)),
             .p999 = milliseconds(latencies.percentile(0.999)),
             .max = milliseconds(latencies.max())},
        .failures = tally.failures,
    };
}

/// Three digits are enough for a person.
std::string short_number(double value) {
    if (value >= 100) return fmt::format("{:.0f}", value);
    if (value >= 10) return fmt::format("{:.1f}", value);
    return fmt::format("{:.2f}", value);
}

std::string row(const OperationReport& report) {
    const LatencyFigures& ms = report.latency_ms;
    return fmt::format(
        "{:<10} {:>9} {:>9} {:>8} {:>8} {:>8} | {:>8} {:>8} {:>8} {:>8} {:>8}\n",
        report.operation,
        report.count,
        short_number(report.per_second),
        report.refused,
        report.failed,
        report.retries,
        short_number(ms.p50),
        short_number(ms.p90),
        short_number(ms.p99),
        short_number(ms.p999),
        short_number(ms.max)
    );
}

}  // namespace

LoadReport report_of(const LoadTally& tally, double seconds, double cpu_seconds) {
    LoadReport report;
    report.seconds = seconds;
    report.overall = report_of("all", tally.overall(), seconds);
    for (const Operation operation : all_operations)
        if (tally.of(operation).count() > 0)
            report.operations.push_back(report_of(name_of(operation), tally.of(operation), seconds));
    const auto requests = static_cast<double>(report.overall.count + report.overall.retries);
    report.error_share =
        ratio(static_cast<double>(report.overall.failed), static_cast<double>(report.overall.count));
    report.orders_created = tally.of(Operation::order).succeeded;
    report.cpu_seconds = cpu_seconds;
    report.cores_per_thousand = ratio(cpu_seconds * 1000, requests);
    report.examples = tally.examples();
    return report;
}

std::string to_table(const LoadReport& report) {
    std::string text = fmt::format(
        "{:<10} {:>9} {:>9} {:>8} {:>8} {:>8} | {:>8} {:>8} {:>8} {:>8} {:>8}  ms\n",
        "operation",
        "count",
        "per s",
        "refused",
        "failed",
        "retries",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max"
    );
    for (const OperationReport& operation : report.operations) text += row(operation);
    text += row(report.overall);
    for (const auto& [kind, count] : report.overall.failures) {
        const auto example = report.examples.find(kind);
        text += fmt::format(
            "failed: {} x {}{}\n",
            count,
            kind,
            example == report.examples.end() || example->second.empty() ? "" : ", such as " + example->second
        );
    }
    return text +
           fmt::format(
               "{} users ({} loop, seed {}), {:.1f} s, {:.3f} % failed; {} orders created, {} unknown; "
               "1,000 requests/s cost {:.3f} of a core here\n",
               report.users,
               report.mode,
               report.seed,
               report.seconds,
               report.error_share * 100,
               report.orders_created,
               report.orders_unknown,
               report.cores_per_thousand
           );
}

std::string progress_line(
    double seconds, std::uint64_t users, const LoadTally::Since& since, double over_seconds
) {
    return fmt::format(
        "{:4.0f} s {:6} users {:>8}/s   p50 {:>6} ms   p99 {:>6} ms   failed {}",
        seconds,
        users,
        short_number(ratio(static_cast<double>(since.count), over_seconds)),
        short_number(milliseconds(since.latencies.percentile(0.5))),
        short_number(milliseconds(since.latencies.percentile(0.99))),
        since.failed
    );
}

}  // namespace flotilla::shop::driver
