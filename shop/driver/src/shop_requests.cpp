#include "flotilla/shop/driver/shop_requests.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/crypto/jwt.hpp"

namespace flotilla::shop::driver {

namespace {

struct Registration {
    std::string email;
    std::string name;
    std::string pwd;
};

FLT_DESCRIBE(Registration, email, name, pwd)

struct Credentials {
    std::string email;
    std::string password;
};

FLT_DESCRIBE(Credentials, email, password)

struct NewStock {
    std::int64_t stock = 0;
};

FLT_DESCRIBE(NewStock, stock)

std::string bearer(std::string_view token) {
    return fmt::format("Bearer {}", token);
}

}  // namespace

http::ClientRequest register_request(
    std::string_view base, const std::string& email, const std::string& password
) {
    return http::ClientRequest::post(fmt::format("{}/user-service/users", base))
        .json(Registration{.email = email, .name = "Tester", .pwd = password});
}

http::ClientRequest login_request(
    std::string_view base, const std::string& email, const std::string& password
) {
    return http::ClientRequest::post(fmt::format("{}/user-service/login", base))
        .json(Credentials{.email = email, .password = password});
}

http::ClientRequest products_request(std::string_view base) {
    return http::ClientRequest::get(fmt::format("{}/catalog-service/catalogs", base));
}

http::ClientRequest product_request(std::string_view base, std::string_view product_id) {
    return http::ClientRequest::get(fmt::format("{}/catalog-service/{}", base, product_id));
}

http::ClientRequest detail_request(std::string_view base, const Login& who) {
    return http::ClientRequest::get(fmt::format("{}/user-service/users/{}", base, who.user_id))
        .header("Authorization", bearer(who.token));
}

http::ClientRequest order_request(
    std::string_view base, const Login& who, const OrderWish& wish, std::string_view key
) {
    return http::ClientRequest::post(fmt::format("{}/order-service/{}/orders", base, who.user_id))
        .header("Authorization", bearer(who.token))
        .header("Idempotency-Key", key)
        .json(wish);
}

http::ClientRequest orders_request(std::string_view base, const Login& who, std::string_view query) {
    const std::string_view mark = query.empty() ? "" : "?";
    return http::ClientRequest::get(
               fmt::format("{}/order-service/{}/orders{}{}", base, who.user_id, mark, query)
    )
        .header("Authorization", bearer(who.token));
}

http::ClientRequest restock_request(
    std::string_view base,
    std::string_view product_id,
    std::int64_t stock,
    std::string_view tag,
    std::string_view token
) {
    return http::ClientRequest::patch(fmt::format("{}/catalog-service/catalogs/{}", base, product_id))
        .header("Authorization", bearer(token))
        .header("If-Match", tag)
        .json(NewStock{.stock = stock});
}

std::optional<Login> login_of(const http::ClientResponse& answer) {
    Login login{std::string(answer.header("userId")), std::string(answer.header("token"))};
    if (login.user_id.empty() || login.token.empty()) return std::nullopt;
    return login;
}

std::optional<Duration> retry_after_of(const http::ClientResponse& answer) {
    constexpr std::int64_t longest = 3600;
    const auto seconds = parse_integer<std::int64_t>(answer.header("Retry-After"));
    if (!seconds || *seconds < 0) return std::nullopt;
    return std::chrono::seconds(std::min(*seconds, longest));
}

std::optional<std::string> next_page_of(std::string_view link) {
    const std::size_t end = link.find('>');
    if (!link.starts_with('<') || end == link.npos || link.find("rel=\"next\"", end) == link.npos)
        return std::nullopt;
    const std::size_t question = link.find('?');
    if (question == link.npos || question > end) return std::nullopt;
    return std::string(link.substr(question + 1, end - question - 1));
}

Result<std::string> admin_token(std::string_view secret, WallTime now) {
    FLT_TRY(const auto key, crypto::JwtKey::hmac(secret));
    const auto expiry = std::chrono::floor<std::chrono::seconds>(now) + std::chrono::hours(1);
    reflect::Json claims =
        reflect::Json::object({{"sub", "shop-load"}, {"exp", expiry.time_since_epoch().count()}});
    claims.set("roles", reflect::Json::array({"admin"}));
    return crypto::sign_jwt(key, crypto::JwtAlgorithm::hs512, claims);
}

}  // namespace flotilla::shop::driver
