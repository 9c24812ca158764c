#include "batch.hpp"

#include <fmt/format.h>

#include "statement_span.hpp"

namespace flotilla::sql {

Result<void> Batch::run(Connection& connection, Deadline deadline) {
    rows.clear();
    times.assign(1, clock.now());
    for (std::size_t i = 0; i < statements.size(); ++i) {
        auto outcome = connection.execute(statements[i], deadline);
        times.push_back(clock.now());
        open = connection.in_transaction();
        if (!outcome && statements.size() == 1) return flotilla::fail(std::move(outcome).error());
        if (!outcome) return flotilla::fail(outcome.error().within(fmt::format("statement {}", i + 1)));
        rows.push_back(std::move(*outcome));
    }
    return {};
}

void Batch::report(const Telemetry& telemetry, const DriverInfo& info, const Error* failure) const {
    if (!telemetry.tracer) return;
    for (std::size_t i = 0; i + 1 < times.size(); ++i) {
        StatementSpan span(telemetry, info, statements[i].text, times[i]);
        span.finish(i < rows.size() ? &rows[i] : nullptr, i < rows.size() ? nullptr : failure, times[i + 1]);
    }
}

}  // namespace flotilla::sql
