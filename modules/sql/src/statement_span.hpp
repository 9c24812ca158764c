#pragma once
// One statement as a span.

#include <optional>
#include <string_view>

#include "flotilla/sql/database.hpp"
#include "flotilla/sql/driver.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::sql {

/// The span of one statement, commit or rollback; nothing without a tracer.
class StatementSpan {
public:
    StatementSpan(
        const Telemetry& telemetry,
        const DriverInfo& info,
        std::string_view text,
        std::optional<TimePoint> start = std::nullopt
    );

    /// What came of it, either of them or neither; ends the span.
    void finish(const Rows* rows, const Error* failure, std::optional<TimePoint> end = std::nullopt);
    void finish(const Result<Rows>& outcome);

private:
    const bool sleuth_;
    tracing::Span span_;
};

}  // namespace flotilla::sql
