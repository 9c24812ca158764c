#pragma once
// Statements that run one after the other on one connection, with a span each.

#include <memory>
#include <vector>

#include "flotilla/sql/database.hpp"
#include "flotilla/sql/driver.hpp"
#include "pool.hpp"

namespace flotilla::sql {

/// Shared by the thread that runs it and the caller, who may leave first.
struct Batch {
    Batch(std::vector<Statement> texts, const Clock& reading)
        : statements(std::move(texts)), clock(reading) {}

    /// Up to the first error, which names its statement when there are several.
    Result<void> run(Connection& connection, Deadline deadline);

    /// Reports what has run; after the thread is done with it.
    void report(const Telemetry& telemetry, const DriverInfo& info, const Error* failure) const;

    const std::vector<Statement> statements;
    const Clock& clock;
    std::vector<Rows> rows;
    std::vector<TimePoint> times;  // the start of each, and the end of the last
    bool open = true;              // the transaction, after the last
};

}  // namespace flotilla::sql
