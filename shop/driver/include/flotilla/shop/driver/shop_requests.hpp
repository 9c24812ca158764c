#pragma once
/// The shop's API as its clients use it: requests to send, and what their answers hold.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/http/client_request.hpp"
#include "flotilla/http/client_response.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop::driver {

/// A product as the catalog lists it.
struct Product {
    std::string product_id;
    std::int64_t unit_price = 0;
    std::int64_t stock = 0;
};

FLT_DESCRIBE(Product, product_id, unit_price, stock)

/// An order as the lists have it; the answer to a new one has the same members.
struct OrderView {
    std::string order_id;
    std::string product_id;
    std::int64_t qty = 0;
    std::int64_t total_price = 0;
    std::string status;

    friend bool operator==(const OrderView&, const OrderView&) = default;
};

FLT_DESCRIBE(OrderView, order_id, product_id, qty, total_price, status)

struct OrderWish {
    std::string product_id;
    std::int64_t qty = 1;
    std::int64_t unit_price = 0;
};

FLT_DESCRIBE(OrderWish, product_id, qty, unit_price)

/// Who a login says one is.
struct Login {
    std::string user_id;
    std::string token;
};

/// `base` is that of a gateway, `http://127.0.0.1:8000`, or of an instance.
http::ClientRequest register_request(
    std::string_view base, const std::string& email, const std::string& password
);
http::ClientRequest login_request(
    std::string_view base, const std::string& email, const std::string& password
);
http::ClientRequest products_request(std::string_view base);
http::ClientRequest product_request(std::string_view base, std::string_view product_id);
http::ClientRequest detail_request(std::string_view base, const Login& who);
http::ClientRequest order_request(
    std::string_view base, const Login& who, const OrderWish& wish, std::string_view key
);
/// `query` is what comes after the question mark; empty for the first page.
http::ClientRequest orders_request(std::string_view base, const Login& who, std::string_view query);
/// Sets the stock of a product, as an admin.
http::ClientRequest restock_request(
    std::string_view base,
    std::string_view product_id,
    std::int64_t stock,
    std::string_view tag,
    std::string_view token
);

/// Out of the headers `userId` and `token`; nothing when one is missing.
std::optional<Login> login_of(const http::ClientResponse& answer);
/// `Retry-After` in seconds.
std::optional<Duration> retry_after_of(const http::ClientResponse& answer);
/// The query of the next page, out of a `Link` field: `</x?limit=2&cursor=c>; rel="next"`.
std::optional<std::string> next_page_of(std::string_view link);

/// An admin's token, signed with the shop's own secret (as `token.secret`, raw), good for an hour.
Result<std::string> admin_token(std::string_view secret, WallTime now);

}  // namespace flotilla::shop::driver
