#include "statement_span.hpp"

#include "statement_text.hpp"

namespace flotilla::sql {

StatementSpan::StatementSpan(
    const Telemetry& telemetry, const DriverInfo& info, std::string_view text, std::optional<TimePoint> start
)
    : sleuth_(telemetry.sleuth_names) {
    if (!telemetry.tracer) return;
    const std::string name = first_word(text);
    span_ = telemetry.tracer->start_client({.name = name, .now = start});
    if (!span_.recording()) return;
    const bool ends_transaction = name == "commit" || name == "rollback";
    if (!sleuth_) {
        span_.tag("sql.query", text);
    } else if (ends_transaction) {
        span_.annotate(name == "commit" ? "jdbc.commit" : "jdbc.rollback");
    } else {
        span_.tag("jdbc.query", text);
    }
    span_.remote({.service = info.service, .ip = info.host, .port = info.port});
}

void StatementSpan::finish(const Rows* rows, const Error* failure, std::optional<TimePoint> end) {
    if (span_.recording() && failure) span_.error(failure->message());
    if (span_.recording() && rows && sleuth_)
        span_.tag(
            "jdbc.row-count", rows->columns.empty() ? rows->changes : static_cast<std::int64_t>(rows->size())
        );
    if (end) {
        span_.finish(*end);
    } else {
        span_.finish();
    }
}

void StatementSpan::finish(const Result<Rows>& outcome) {
    finish(outcome ? &*outcome : nullptr, outcome ? nullptr : &outcome.error());
}

}  // namespace flotilla::sql
