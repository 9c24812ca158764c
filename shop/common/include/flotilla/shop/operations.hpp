#pragma once
/// Who may use the operations endpoints of a service that are on the same port as everything else.

#include "flotilla/actuator/actuator_config.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/shop/tokens.hpp"

namespace flotilla::shop {

/// Health, info and metrics can be read by everybody. Everything else, writing above all, is for a token
/// with the role `admin`: 401 without one, 403 for anybody else.
///
/// Nothing is asked here when the actuator asks by itself (`spring.security.user.*`,
/// `management.security.enabled`) or has a port of its own, which is for operators alone.
class OperationsGuard {
public:
    /// All that is given outlives the router's server.
    static void put_before(
        http::Router& router, const actuator::ActuatorConfig& config, const Tokens& tokens, const Clock& clock
    );

    /// Whether everybody may: `below` is the path behind the endpoints' base path, `/health/liveness`.
    [[nodiscard]] static bool is_open(http::Method method, std::string_view below);
};

}  // namespace flotilla::shop
