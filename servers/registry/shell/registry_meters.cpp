#include "registry_meters.hpp"

#include <map>
#include <utility>

namespace flotilla::registry {

namespace {

using Rows = std::vector<metrics::MultiGauge::Row>;

constexpr std::string_view instances_text = "Registered instances.";

std::int64_t self_preservation(InstanceRegistry& core, Moment at) {
    const auto figures = core.figures(at);
    const bool holds = figures.self_preservation_enabled && !figures.lease_expiration_enabled;
    return static_cast<std::int64_t>(holds && core.size() > 0);
}

std::int64_t threshold(InstanceRegistry& core, Moment at) {
    return core.figures(at).threshold;
}

std::int64_t renewals(InstanceRegistry& core, Moment at) {
    return core.figures(at).renewals_last_minute;
}

}  // namespace

RegistryMeters::RegistryMeters(metrics::Registry& meters, std::shared_ptr<SharedRegistry> registry)
    : registry_(std::move(registry)),
      instances_(
          meters.multi_gauge("flotilla.registry.instances", {.description = std::string(instances_text)})
      ) {
    if (registry_->config().metrics.enabled) {
        spring_instances_ =
            meters.multi_gauge("eureka.server.instances", {.description = std::string(instances_text)});
    }
    using Read = std::int64_t (*)(InstanceRegistry&, Moment);
    const auto gauge = [&](std::string_view name, std::string description, Read read) {
        meters.gauge_of(
            name,
            {},
            std::weak_ptr(registry_),
            [read](SharedRegistry& shared) { return shared.with(read); },
            {.description = std::move(description)}
        );
    };
    gauge(
        "flotilla.registry.renew.threshold", "Heartbeats a minute below which nothing is evicted.", threshold
    );
    gauge("flotilla.registry.renewals.last.minute", "Heartbeats in the last complete minute.", renewals);
    gauge(
        "flotilla.registry.self.preservation",
        "1 while too few heartbeats come for anything to be evicted.",
        self_preservation
    );
}

void RegistryMeters::count_instances() {
    std::vector<CatalogEntry> all;
    const bool changed = registry_->with([&](InstanceRegistry& core, Moment at) {
        if (counted_ == core.version()) return false;
        counted_ = core.version();
        all = core.catalog([](std::string_view) { return true; }, at);
        return true;
    });
    if (!changed) return;
    std::map<std::pair<std::string_view, InstanceStatus>, double> counts;
    for (const CatalogEntry& entry : all) ++counts[{entry.instance->app, entry.instance->status}];
    Rows rows;
    Rows spring_rows;
    for (const auto& [key, count] : counts) {
        const std::string app(key.first);
        const std::string status(to_text(key.second));
        rows.push_back({.tags = {{"app", app}, {"status", status}}, .value = count});
        spring_rows.push_back({.tags = {{"application", app}, {"status", status}}, .value = count});
    }
    instances_.set(std::move(rows));
    spring_instances_.set(std::move(spring_rows));
}

}  // namespace flotilla::registry
