#pragma once
// `metrics.*` and `management.metrics.*` as options of a registry, and the meters that a service has by
// itself.

#include <string>

#include "flotilla/config/environment.hpp"
#include "flotilla/metrics/registry.hpp"
#include "properties.hpp"

namespace flotilla::service {

Result<MetricsProperties> read_metrics(config::Environment& environment);
Result<metrics::RegistryOptions> registry_options(
    const MetricsProperties& properties, std::string_view application
);
/// Whether there may be other buckets and percentiles now.
bool concerns_distribution(const config::Environment::ChangedKeys& changed);
/// Leaves out what `metrics.enable.*` says; the longest name decides.
void add_enable_filter(metrics::Registry& registry, const std::map<std::string, bool>& enable);

}  // namespace flotilla::service
