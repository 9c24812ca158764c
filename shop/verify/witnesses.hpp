#pragma once
/// What the shop says of itself over HTTP: through the gateway, and each order instance by itself.

#include <string>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/shop/driver/invariants.hpp"
#include "flotilla/shop/driver/journal.hpp"

namespace flotilla::shop {

/// The order instances that are UP, as base URLs.
Task<Result<std::vector<std::string>>> order_instances(http::Client& client, std::string registry);

/// All orders of a user, page by page, as somebody lists them.
Task<Result<driver::OrderList>> orders_of(http::Client& client, std::string base, driver::JournalLine user);

/// The catalog, through the gateway.
Task<Result<std::vector<driver::Product>>> products_of(http::Client& client, std::string gateway);

}  // namespace flotilla::shop
