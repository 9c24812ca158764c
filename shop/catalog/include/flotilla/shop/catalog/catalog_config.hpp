#pragma once
/// Settings of the catalog: `shop.catalog.*`.

#include <chrono>
#include <string>

#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop::catalog {

struct CatalogConfig {
    std::string data_set = "default";
    std::chrono::milliseconds meter_interval{5'000};
};

FLT_DESCRIBE_CONFIG(
    CatalogConfig,
    (data_set, "What an empty catalog begins with: default, tmax or none.", pattern("default|tmax|none")),
    (meter_interval, "How often the stock is read for its meter.", min(std::chrono::milliseconds(100)))
)

}  // namespace flotilla::shop::catalog
