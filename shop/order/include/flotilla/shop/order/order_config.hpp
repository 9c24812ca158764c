#pragma once
/// Settings of orders: `shop.order.*`.

#include <chrono>
#include <cstdint>
#include <string>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/order/price_policy.hpp"

namespace flotilla::shop::order {

/// How orders reach the database and the catalog.
enum class Pipeline { db_outbox };

FLT_DESCRIBE_ENUM_KEBAB(Pipeline, db_outbox)

/// When the catalog cannot be asked before an order is taken.
enum class OnTimeout { reject, accept };

FLT_DESCRIBE_ENUM_KEBAB(OnTimeout, reject, accept)

struct OrderConfig {
    Pipeline pipeline = Pipeline::db_outbox;
    PricePolicy price_policy = PricePolicy::catalog;
    OnTimeout precheck_on_timeout = OnTimeout::reject;
    bool course_precheck = false;
    std::chrono::milliseconds resolve_after{5'000};
    std::chrono::milliseconds pending_timeout{30'000};
    std::chrono::milliseconds sweep_interval{1'000};
    std::int64_t sweep_batch = 100;
    std::chrono::milliseconds longest_wait{10'000};
    std::chrono::milliseconds key_retention{86'400'000};
};

FLT_DESCRIBE_CONFIG(
    OrderConfig,
    (pipeline, "How orders are stored and stock is asked for: db-outbox."),
    (price_policy, "Whose price counts: catalog, strict (409 when the client's is another) or client."),
    (precheck_on_timeout,
     "An order while the catalog does not answer: reject (503), or accept and look at the stock later."),
    (course_precheck, "In the course: look at the stock before an order, which holds nothing (N2, N3)."),
    (resolve_after,
     "A pending order that nobody has settled after this time is taken up again.",
     min(std::chrono::milliseconds(100))),
    (pending_timeout,
     "A pending order that cannot be settled for so long is cancelled.",
     min(std::chrono::milliseconds(1'000))),
    (sweep_interval, "How often such orders are looked for.", min(std::chrono::milliseconds(50))),
    (sweep_batch, "How many are taken up at once.", min(1), max(10'000)),
    (longest_wait, "The longest that Prefer: wait= holds a request."),
    (key_retention, "How long an Idempotency-Key is remembered.", min(std::chrono::milliseconds(1'000)))
)

}  // namespace flotilla::shop::order
