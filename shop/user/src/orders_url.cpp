#include "flotilla/shop/user/orders_url.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"

namespace flotilla::shop::user {

namespace {

constexpr std::string_view place = "%s";
constexpr std::string_view path_place = "{userId}";

std::string_view host_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    const std::string_view rest = url.substr(scheme + 3);
    return rest.substr(0, rest.find_first_of(":/"));
}

std::string with(std::string_view pattern, std::string_view what, std::string_view user_id) {
    const std::size_t at = pattern.find(what);
    return fmt::format("{}{}{}", pattern.substr(0, at), user_id, pattern.substr(at + what.size()));
}

}  // namespace

Result<OrdersUrl> OrdersUrl::of(std::string pattern) {
    const auto wrong = [&](std::string_view why) {
        return fail(Errc::invalid_argument, fmt::format("order_service.url: {}: '{}'", why, pattern));
    };
    if (pattern.find("$s") != std::string::npos) return wrong("the user's id goes where %s is, not $s");
    const std::size_t first = pattern.find(place);
    if (first == std::string::npos || pattern.find(place, first + 1) != std::string::npos)
        return wrong("there must be one %s, for the user's id");
    const std::string host(host_of(pattern));
    if (host.empty()) return wrong("this is no URL");
    OrdersUrl url;
    if (host.find('_') != std::string::npos) {
        url.corrected_host_ = replace_all(host, "_", "-");
        pattern.replace(pattern.find(host), host.size(), url.corrected_host_);
    }
    url.pattern_ = std::move(pattern);
    return url;
}

std::string OrdersUrl::of_user(std::string_view user_id) const {
    return with(pattern_, place, user_id);
}

Result<std::string> orders_path(std::string_view pattern, std::string_view user_id) {
    if (!pattern.starts_with('/') || pattern.find(path_place) == std::string_view::npos)
        return fail(
            Errc::invalid_argument,
            fmt::format("shop.client.orders-path: a path with {} is wanted: '{}'", path_place, pattern)
        );
    return with(pattern.substr(1), path_place, user_id);
}

}  // namespace flotilla::shop::user
