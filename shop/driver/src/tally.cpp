#include "flotilla/shop/driver/tally.hpp"

#include <fmt/format.h>

#include <utility>

namespace flotilla::shop::driver {

namespace {

void add(OperationTally& to, const OperationTally& from) {
    to.latencies.add(from.latencies);
    to.succeeded += from.succeeded;
    to.refused += from.refused;
    to.failed += from.failed;
    to.retries += from.retries;
    to.degraded += from.degraded;
    for (const auto& [kind, count] : from.failures) to.failures[kind] += count;
}

}  // namespace

void LoadTally::record(
    Operation operation, Duration latency, Ending ending, std::string_view kind, std::string_view example
) {
    OperationTally& tally = of(operation);
    tally.latencies.record(latency);
    since_.latencies.record(latency);
    ++since_.count;
    switch (ending) {
        case Ending::succeeded:
            ++tally.succeeded;
            break;
        case Ending::refused:
            ++tally.refused;
            break;
        case Ending::failed:
            ++tally.failed;
            ++since_.failed;
            ++tally.failures[std::string(kind)];
            examples_.try_emplace(std::string(kind), example);
            break;
    }
}

OperationTally LoadTally::overall() const {
    OperationTally all;
    for (const OperationTally& tally : tallies_) add(all, tally);
    return all;
}

LoadTally::Since LoadTally::take_since() {
    Since taken = since_;
    since_.count = 0;
    since_.failed = 0;
    since_.latencies.clear();
    return taken;
}

std::string_view kind_of(const Error& error) {
    if (error.code() == make_error_code(Errc::timed_out)) return "timeout";
    if (error.code() == make_error_code(Errc::refused)) return "refused";
    if (error.code() == make_error_code(Errc::closed)) return "closed";
    if (error.code() == make_error_code(Errc::limit_exceeded)) return "limit";
    if (error.code() == make_error_code(Errc::malformed)) return "malformed";
    return "io";
}

std::string kind_of(int status) {
    return fmt::format("http {}", status);
}

}  // namespace flotilla::shop::driver
