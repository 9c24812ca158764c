#pragma once
// What was done on a thread, told as spans where tracing is done: on the loop.

#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/sql/database.hpp"
#include "flotilla/sql/driver.hpp"

namespace flotilla::sql {

/// Shared by the thread that writes it and the caller, who reads it when that work is done.
struct Trail {
    explicit Trail(const Clock& reading) noexcept : clock(reading) {}

    struct Step {
        std::string text;
        TimePoint start;
        TimePoint end;
        std::int64_t count = 0;
        std::optional<Error> failure;
    };

    void note(std::string_view text, TimePoint start, const Result<Rows>& outcome);
    void report(const Telemetry& telemetry, const DriverInfo& info) const;

    const Clock& clock;
    std::vector<Step> steps;
};

}  // namespace flotilla::sql
