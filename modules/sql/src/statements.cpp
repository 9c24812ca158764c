#include "flotilla/sql/statements.hpp"

#include <algorithm>

#include "flotilla/sql/driver.hpp"
#include "statement_span.hpp"
#include "trail.hpp"

namespace flotilla::sql {

void Trail::note(std::string_view text, TimePoint start, const Result<Rows>& outcome) {
    steps.push_back({
        .text = std::string(text),
        .start = start,
        .end = clock.now(),
        .count = outcome ? row_count(*outcome) : 0,
        .failure = outcome ? std::nullopt : std::optional(outcome.error()),
    });
}

void Trail::report(const Telemetry& telemetry, const DriverInfo& info) const {
    for (const Step& step : steps) {
        StatementSpan span(telemetry, info, step.text, step.start);
        span.finish(step.count, step.failure ? &*step.failure : nullptr, step.end);
    }
}

Result<Rows> Statements::run(const Statement& statement) {
    if (!trail_) return connection_.execute(statement, deadline_);
    const TimePoint start = trail_->clock.now();
    auto outcome = connection_.execute(statement, deadline_);
    trail_->note(statement.text, start, outcome);
    return outcome;
}

Result<Rows> Statements::run_alike(std::span<const Statement> statements) {
    if (!trail_) return connection_.execute_all(statements, deadline_);
    const TimePoint start = trail_->clock.now();
    auto outcome = connection_.execute_all(statements, deadline_);
    trail_->note(statements.front().text, start, outcome);
    return outcome;
}

Result<Changes> Statements::execute_all(std::span<const Statement> statements) {
    Changes sum;
    while (!statements.empty()) {
        const std::string& text = statements.front().text;
        const auto other = std::ranges::find_if(statements, [&](const Statement& statement) {
            return statement.text != text;
        });
        const auto alike = static_cast<std::size_t>(other - statements.begin());
        FLT_TRY(const Rows done, run_alike(statements.first(alike)));
        sum.rows += done.changes;
        statements = statements.subspan(alike);
    }
    return sum;
}

Result<Changes> Statements::changes_of(const Result<Rows>& rows) {
    if (!rows) return flotilla::fail(rows.error());
    return Changes{.rows = rows->changes, .last_id = rows->last_id};
}

Result<bool> Statements::unless_present(const Result<Rows>& rows) {
    if (rows) return true;
    if (rows.error().code() == SqlErrc::unique_violation) return false;
    return flotilla::fail(rows.error());
}

}  // namespace flotilla::sql
