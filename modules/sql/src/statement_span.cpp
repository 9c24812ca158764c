#include "statement_span.hpp"

#include "statement_text.hpp"

namespace flotilla::sql {

std::int64_t row_count(const Rows& rows) noexcept {
    return rows.columns.empty() ? rows.changes : static_cast<std::int64_t>(rows.size());
}

StatementSpan::StatementSpan(
    const Telemetry& telemetry, const DriverInfo& info, std::string_view text, std::optional<TimePoint> start
)
    : sleuth_(telemetry.sleuth_names) {
    if (!telemetry.tracer) return;
    const std::string name = first_word(text);
    span_ = telemetry.tracer->start_client({.name = name, .now = start});
    if (!span_.recording()) return;
    ends_transaction_ = name == "commit" || name == "rollback";
    if (!sleuth_) {
        span_.tag("sql.query", text);
    } else if (ends_transaction_) {
        span_.annotate(name == "commit" ? "jdbc.commit" : "jdbc.rollback");
    } else {
        span_.tag("jdbc.query", text);
    }
    span_.remote({.service = info.service, .ip = info.host, .port = info.port});
}

void StatementSpan::finish(std::int64_t count, const Error* failure, std::optional<TimePoint> end) {
    if (span_.recording() && failure) span_.error(failure->message());
    if (span_.recording() && !failure && sleuth_ && !ends_transaction_) span_.tag("jdbc.row-count", count);
    if (end) {
        span_.finish(*end);
    } else {
        span_.finish();
    }
}

void StatementSpan::finish(const Result<Rows>& outcome) {
    finish(outcome ? row_count(*outcome) : 0, outcome ? nullptr : &outcome.error());
}

}  // namespace flotilla::sql
