#include "statement_span.hpp"

#include "statement_text.hpp"

namespace flotilla::sql {

StatementSpan::StatementSpan(const Telemetry& telemetry, const DriverInfo& info, std::string_view text)
    : sleuth_(telemetry.sleuth_names) {
    if (!telemetry.tracer) return;
    const std::string name = first_word(text);
    span_ = telemetry.tracer->start_client(name);
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

void StatementSpan::finish(const Result<Rows>& outcome) {
    if (span_.recording()) {
        if (!outcome) {
            span_.error(outcome.error().message());
        } else if (sleuth_) {
            const auto rows =
                outcome->columns.empty() ? outcome->changes : static_cast<std::int64_t>(outcome->size());
            span_.tag("jdbc.row-count", rows);
        }
    }
    span_.finish();
}

}  // namespace flotilla::sql
