#pragma once
/// The routes of the shop as YAML: `deploy/routes/shop.yml`, which `--flotilla.gateway.preset=shop` stands
/// for.

#include <string_view>

namespace flotilla::gateway {

std::string_view shop_routes() noexcept;

}  // namespace flotilla::gateway
