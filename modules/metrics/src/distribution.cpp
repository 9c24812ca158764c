#include "distribution.hpp"

#include <optional>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::metrics::detail {

namespace {

bool covers(std::string_view rule, std::string_view name) {
    if (rule == "all" || rule == name) return true;
    return name.size() > rule.size() && name.starts_with(rule) && name[rule.size()] == '.';
}

std::size_t nearness(std::string_view rule) {
    return rule == "all" ? 0 : rule.size();
}

/// The field of the rule with the longest name that has it.
template <class Field>
const Field* nearest(
    const std::vector<DistributionRule>& rules,
    std::string_view name,
    std::optional<Field> DistributionRule::* field
) {
    const DistributionRule* best = nullptr;
    for (const DistributionRule& rule : rules) {
        if (!(rule.*field) || !covers(rule.name, name)) continue;
        if (!best || nearness(rule.name) >= nearness(best->name)) best = &rule;
    }
    return best ? &*(best->*field) : nullptr;
}

}  // namespace

void apply_rules(
    const std::vector<DistributionRule>& rules,
    std::string_view name,
    bool times,
    DistributionConfig& config,
    const log::Logger& logger
) {
    const auto bound = [&](const std::string& text) -> std::optional<double> {
        if (times) {
            if (const auto span = parse_duration(text)) return static_cast<double>(span->count());
        } else if (const auto number = parse_double(text)) {
            return number;
        }
        logger.warn("metrics.distribution: '{}' is no bound for the meter {}", text, name);
        return std::nullopt;
    };
    if (const auto* slo = nearest(rules, name, &DistributionRule::slo)) {
        config.slo.clear();
        for (const std::string& text : *slo) {
            if (const auto value = bound(text)) config.slo.push_back(*value);
        }
    }
    if (const auto* on = nearest(rules, name, &DistributionRule::percentiles_histogram))
        config.percentile_histogram = *on;
    if (const auto* percentiles = nearest(rules, name, &DistributionRule::percentiles))
        config.percentiles = *percentiles;
    if (const auto* low = nearest(rules, name, &DistributionRule::minimum_expected_value)) {
        if (const auto value = bound(*low)) config.minimum_expected = value;
    }
    if (const auto* high = nearest(rules, name, &DistributionRule::maximum_expected_value)) {
        if (const auto value = bound(*high)) config.maximum_expected = value;
    }
    if (const auto* expiry = nearest(rules, name, &DistributionRule::expiry)) config.expiry = *expiry;
    if (const auto* length = nearest(rules, name, &DistributionRule::buffer_length))
        config.buffer_length = *length;
}

}  // namespace flotilla::metrics::detail
