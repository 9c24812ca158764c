#pragma once
/// Filters: they rename, tag, deny and configure meters at the moment of registration, in the order given.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/metrics/tags.hpp"

namespace flotilla::metrics {

enum class MeterType : std::uint8_t { counter, gauge, timer, summary, long_task_timer };

struct MeterId {
    std::string name;
    Tags tags{};
    MeterType type = MeterType::gauge;
    std::string description{};
    std::string unit{};
};

/// What a timer or summary publishes beyond count, sum and max. Values are nanoseconds for timers.
struct DistributionConfig {
    bool percentile_histogram = false;
    std::vector<double> percentiles{};
    std::vector<double> slo{};
    std::optional<double> minimum_expected{};
    std::optional<double> maximum_expected{};
    std::optional<Duration> expiry{};
    std::optional<std::uint32_t> buffer_length{};
};

enum class Decision : std::uint8_t { neutral, accept, deny };

/// Any of the three may be empty. `map` of all filters runs first; then `accept` until one has an opinion;
/// then `configure`. Filters run under the registry's lock: they must not use the registry.
struct Filter {
    std::function<MeterId(MeterId)> map{};
    std::function<Decision(const MeterId&)> accept{};
    std::function<void(const MeterId&, DistributionConfig&)> configure{};
};

namespace filters {

using Predicate = std::function<bool(const MeterId&)>;

Predicate name_starts_with(std::string prefix);

Filter common_tags(Tags tags);
Filter rename_tag(std::string name_prefix, std::string from, std::string to);
Filter ignore_tags(std::vector<std::string> keys);
/// Values in `except` stay as they are.
Filter replace_tag_values(
    std::string key,
    std::function<std::string(std::string_view)> replacement,
    std::vector<std::string> except = {}
);
Filter accept(Predicate when);
Filter deny(Predicate when);
Filter deny_unless(Predicate when);
/// In nanoseconds for timers.
Filter minimum_expected(std::string name_prefix, double value);
Filter maximum_expected(std::string name_prefix, double value);
/// Denies every new meter after the first `count`.
Filter maximum_allowable_metrics(std::size_t count);
/// After `count` values of `key`, asks `on_maximum` about meters with further values.
Filter maximum_allowable_tags(std::string name_prefix, std::string key, std::size_t count, Filter on_maximum);
/// `filter` for some meters only.
Filter for_meters(Predicate which, Filter filter);

}  // namespace filters

}  // namespace flotilla::metrics
