#pragma once
/// How meters are called in the Prometheus formats.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/metrics/exposition.hpp"
#include "flotilla/metrics/tags.hpp"

namespace flotilla::metrics::detail {

enum class Kind : std::uint8_t {
    counter,
    function_counter,
    gauge,
    function_gauge,
    multi_gauge,
    timer,
    summary,
    function_timer,
    long_task_timer,
};

enum class FamilyType : std::uint8_t { counter, gauge, info, summary, histogram, gauge_histogram };

/// Which of a meter's families: timers and summaries have a second one for the maximum, long task timers with
/// buckets two more for count and sum, because text 0.0.4 knows no gauge histogram.
enum class Part : std::uint8_t { main, max, active_count, active_sum };

struct FamilyPlan {
    std::string key;   ///< without `_total` and `_info`: order, `includedNames`, conflicts
    std::string name;  ///< as samples of counters, gauges and infos have it
    FamilyType type;
    Part part;
};

/// Lower-case dotted names to Prometheus names.
std::string metric_name(std::string_view name);
std::string label_name(std::string_view key);

/// Tags as they stand between the braces of a sample, values escaped: `a="b",c="d"`. One is used for many
/// meters in turn, which mostly have the same keys.
class LabelText {
public:
    void render(const Tags& tags);

    [[nodiscard]] std::string_view text() const noexcept { return text_; }

private:
    struct Name {
        std::string key;    ///< with the NUL behind it
        std::string label;  ///< with the equals sign and the quote
    };

    /// Of the key at the front of `rest`.
    const std::string& label_of(std::string_view rest, std::size_t place);

    std::string text_;
    std::vector<Name> names_;  ///< of the last tags
};

void append_help_escaped(std::string& out, std::string_view text, bool quotes_too);

std::vector<FamilyPlan> plan_families(
    std::string_view name, std::string_view unit, Kind kind, bool histogram, Flavor flavor
);

}  // namespace flotilla::metrics::detail
