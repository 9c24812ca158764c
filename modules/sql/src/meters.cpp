#include "meters.hpp"

#include "pool.hpp"

namespace flotilla::sql {

namespace {

constexpr std::string_view gauges[] = {
    "hikaricp.connections",
    "hikaricp.connections.active",
    "hikaricp.connections.idle",
    "hikaricp.connections.pending",
    "hikaricp.connections.max",
    "hikaricp.connections.min",
};
constexpr std::string_view jdbc_gauges[] = {
    "jdbc.connections.active", "jdbc.connections.idle", "jdbc.connections.max", "jdbc.connections.min"
};

}  // namespace

Meters::Meters(metrics::Registry* registry, const PoolConfig& config)
    : registry_(registry),
      pool_name_(config.pool_name),
      minimum_(static_cast<double>(config.minimum_idle)),
      maximum_(static_cast<double>(config.maximum_pool_size)) {
    if (!registry_) return;
    const metrics::Tags tags{{"pool", pool_name_}};
    acquire =
        registry_->timer("hikaricp.connections.acquire", tags, {.description = "Connection acquire time"});
    usage = registry_->timer("hikaricp.connections.usage", tags, {.description = "Connection usage time"});
    creation =
        registry_->timer("hikaricp.connections.creation", tags, {.description = "Connection creation time"});
    timeouts = registry_->counter(
        "hikaricp.connections.timeout", tags, {.description = "Connection timeout total count"}
    );
}

void Meters::watch(const std::weak_ptr<Pool>& pool) {
    if (!registry_) return;
    const metrics::Tags tags{{"pool", pool_name_}};
    const metrics::Tags jdbc_tags{{"name", pool_name_}};
    const auto add = [&](std::string_view name, const metrics::Tags& of, std::string description, auto read) {
        registry_->gauge_of(name, of, pool, read, {.description = std::move(description)});
    };
    const auto total = [](const Pool& p) { return static_cast<double>(p.stats().total); };
    const auto active = [](const Pool& p) { return static_cast<double>(p.stats().active); };
    const auto idle = [](const Pool& p) { return static_cast<double>(p.stats().idle); };
    const auto pending = [](const Pool& p) { return static_cast<double>(p.stats().pending); };
    const auto most = [value = maximum_](const Pool&) { return value; };
    const auto least = [value = minimum_](const Pool&) { return value; };
    add(gauges[0], tags, "Total connections", total);
    add(gauges[1], tags, "Active connections", active);
    add(gauges[2], tags, "Idle connections", idle);
    add(gauges[3], tags, "Pending threads", pending);
    add(gauges[4], tags, "Max connections", most);
    add(gauges[5], tags, "Min connections", least);
    add(jdbc_gauges[0], jdbc_tags, "Current number of active connections", active);
    add(jdbc_gauges[1], jdbc_tags, "Number of established but idle connections.", idle);
    add(jdbc_gauges[2], jdbc_tags, "Maximum number of active connections", most);
    add(jdbc_gauges[3], jdbc_tags, "Minimum number of idle connections", least);
}

Meters::~Meters() {
    if (!registry_) return;
    const metrics::Tags tags{{"pool", pool_name_}};
    for (const std::string_view name : gauges) registry_->remove(name, tags);
    for (const std::string_view name : jdbc_gauges) registry_->remove(name, {{"name", pool_name_}});
}

}  // namespace flotilla::sql
