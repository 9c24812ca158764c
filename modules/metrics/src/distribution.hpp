#pragma once
/// Applies `metrics.distribution.*` rules to the configuration of a new meter.

#include <string_view>
#include <vector>

#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"

namespace flotilla::metrics::detail {

void apply_rules(
    const std::vector<DistributionRule>& rules,
    std::string_view name,
    bool times,
    DistributionConfig& config,
    const log::Logger& logger
);

}  // namespace flotilla::metrics::detail
