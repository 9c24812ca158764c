#pragma once
/// What the catalog measures.

#include "flotilla/metrics/registry.hpp"

namespace flotilla::shop::catalog {

struct CatalogMeters {
    explicit CatalogMeters(metrics::Registry& registry)
        : stock(registry.multi_gauge("shop.stock", {.description = "What is left of each product"})),
          oversell(registry.counter("shop.oversell", {}, {.description = "Stock found below zero"})),
          duplicates(registry.counter(
              "shop.duplicate.messages", {}, {.description = "Requests that had been done already"}
          )) {}

    metrics::MultiGauge stock;
    metrics::Counter oversell;
    metrics::Counter duplicates;
};

}  // namespace flotilla::shop::catalog
