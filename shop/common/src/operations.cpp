#include "flotilla/shop/operations.hpp"

#include <algorithm>
#include <array>

#include "flotilla/base/url_text.hpp"

namespace flotilla::shop {

namespace {

constexpr std::array<std::string_view, 4> open_to_all{"/health", "/info", "/metrics", "/prometheus"};

bool asks_by_itself(const actuator::ActuatorConfig& config) {
    return config.security.enabled.has_value() || !config.security.user.empty();
}

}  // namespace

bool OperationsGuard::is_open(http::Method method, std::string_view below) {
    if (method == http::Method::options) return true;
    if (method != http::Method::get && method != http::Method::head) return false;
    return std::ranges::any_of(open_to_all, [&](std::string_view one) { return is_at_or_below(below, one); });
}

void OperationsGuard::put_before(
    http::Router& router, const actuator::ActuatorConfig& config, const Tokens& tokens, const Clock& clock
) {
    if (asks_by_itself(config) || config.server.port) return;
    const std::string& base = config.endpoints.web.base_path;
    // Without a base path the endpoints lie among everything else, and cannot be told apart.
    if (base.empty() || base == "/") return;
    router.before("/", [base, &tokens, &clock](http::Request& request, http::Response& response) {
        if (!is_at_or_below(request.path(), base)) return false;
        if (is_open(request.method(), request.path().substr(base.size()))) return false;
        const auto caller = tokens.caller_with(request, admin_role);
        if (caller) return false;
        response = caller.error().answer(request, clock.wall_now());
        return true;
    });
}

}  // namespace flotilla::shop
