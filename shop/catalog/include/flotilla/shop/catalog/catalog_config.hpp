#pragma once
/// Settings of the catalog: `shop.catalog.*`, and of what it keeps at hand: `shop.cache.*`.

#include <chrono>
#include <cstdint>
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

enum class CacheType { memory, none };

FLT_DESCRIBE_ENUM_KEBAB(CacheType, memory, none)

struct CacheConfig {
    CacheType type = CacheType::memory;
    std::chrono::milliseconds time_to_live{250};
    std::int64_t size = 500;
};

FLT_DESCRIBE_CONFIG(
    CacheConfig,
    (type, "Where answers are kept at hand: memory, or none."),
    (time_to_live,
     "How long one is kept: so old may be what other instances have changed.",
     min(std::chrono::milliseconds(1)),
     max(std::chrono::milliseconds(60'000))),
    (size, "How many are kept.", min(1), max(100'000))
)

}  // namespace flotilla::shop::catalog
