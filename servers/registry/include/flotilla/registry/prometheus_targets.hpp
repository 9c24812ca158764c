#pragma once
/// How Prometheus finds the instances: `http_sd_configs` with `/sd/prometheus`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/registry/registry_types.hpp"

namespace flotilla::registry {

/// Which instances are wanted.
struct TargetQuery {
    std::optional<std::string> app = {};   ///< `?app=`: in any case, `_` as `-`
    std::optional<std::string> zone = {};  ///< `?zone=`
    bool any_status = false;               ///< `?status=all`: those that are DOWN or UNKNOWN as well
};

/// A document with one group for each instance that is UP, STARTING or OUT_OF_SERVICE, sorted. One whose
/// lease has run out stays until it is evicted: that it no longer answers is for Prometheus to notice.
///
/// Metadata `management.port`, `prometheus.path` (or `management.context-path`) and `prometheus.label.X` say
/// where and how it wants to be scraped; what Prometheus would not take is left out, because it refuses the
/// whole document for one bad name.
std::string prometheus_targets(const std::vector<CatalogEntry>& all, const TargetQuery& query = {});

}  // namespace flotilla::registry
