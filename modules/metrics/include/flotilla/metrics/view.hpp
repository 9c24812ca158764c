#pragma once
/// The data behind `/actuator/metrics/{name}`.

#include <string>
#include <string_view>
#include <vector>

namespace flotilla::metrics {

struct Measurement {
    std::string_view statistic;  ///< COUNT, TOTAL_TIME, TOTAL, MAX, VALUE, ACTIVE_TASKS, DURATION
    double value = 0;            ///< times in seconds; may be NaN or infinite

    friend bool operator==(const Measurement&, const Measurement&) = default;
};

struct AvailableTag {
    std::string tag;
    std::vector<std::string> values;

    friend bool operator==(const AvailableTag&, const AvailableTag&) = default;
};

/// Sums (MAX: the maximum) over all meters that were asked for.
struct MeterView {
    std::string name;
    std::string description;  ///< empty when unknown
    std::string unit;         ///< empty when unknown
    std::vector<Measurement> measurements;
    std::vector<AvailableTag> available_tags;  ///< those by which one can ask further
};

}  // namespace flotilla::metrics
