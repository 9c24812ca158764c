#pragma once
// One statement as a span.

#include <cstdint>
#include <optional>
#include <string_view>

#include "flotilla/sql/database.hpp"
#include "flotilla/sql/driver.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::sql {

/// Rows that a statement gave or changed.
std::int64_t row_count(const Rows& rows) noexcept;

/// The span of one statement, commit or rollback; nothing without a tracer.
class StatementSpan {
public:
    StatementSpan(
        const Telemetry& telemetry,
        const DriverInfo& info,
        std::string_view text,
        std::optional<TimePoint> start = std::nullopt
    );

    /// What came of it: rows given or changed, or a failure; ends the span.
    void finish(std::int64_t count, const Error* failure, std::optional<TimePoint> end = std::nullopt);
    void finish(const Result<Rows>& outcome);

private:
    const bool sleuth_;
    bool ends_transaction_ = false;
    tracing::Span span_;
};

}  // namespace flotilla::sql
