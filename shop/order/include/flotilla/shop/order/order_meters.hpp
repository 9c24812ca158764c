#pragma once
/// What orders measure: `shop_orders_total{outcome}`.

#include "flotilla/metrics/registry.hpp"

namespace flotilla::shop::order {

struct OrderMeters {
    explicit OrderMeters(metrics::Registry& registry)
        : placed(outcome(registry, "placed")),
          confirmed(outcome(registry, "confirmed")),
          rejected(outcome(registry, "rejected")),
          cancelled(outcome(registry, "cancelled")),
          refused(outcome(registry, "refused")),
          replayed(outcome(registry, "replayed")) {}

    metrics::Counter placed;     ///< written down
    metrics::Counter confirmed;  ///< the rest: what became of them
    metrics::Counter rejected;
    metrics::Counter cancelled;
    metrics::Counter refused;   ///< never written down
    metrics::Counter replayed;  ///< answered from memory

private:
    static metrics::Counter outcome(metrics::Registry& registry, const char* name) {
        return registry.counter(
            "shop.orders", {{"outcome", name}}, {.description = "Orders, by what became of them"}
        );
    }
};

}  // namespace flotilla::shop::order
