#pragma once
/// Settings of the gateway beside its routes: `spring.cloud.gateway.*` (or its newer prefix) and `token.*`.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/gateway/admission.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/gateway/cors.hpp"
#include "flotilla/gateway/locator.hpp"
#include "flotilla/proxy/forwarded.hpp"
#include "flotilla/proxy/outgoing.hpp"
#include "flotilla/proxy/proxy_config.hpp"

namespace flotilla::config {
class Environment;
}

namespace flotilla::gateway {

/// `flotilla.gateway.https-redirect.*`: a plain port that sends every client to the one with TLS.
struct HttpsRedirectConfig {
    std::optional<std::uint16_t> port{};     ///< none: no such port
    std::optional<std::uint16_t> to_port{};  ///< as clients see it; `server.port` unless given
};

struct GatewayConfig {
    proxy::ProxyConfig client;
    proxy::ForwardedConfig forwarded;
    proxy::TrustedProxies trusted;
    proxy::HopByHop hop_by_hop;
    LocatorConfig locator;
    HttpsRedirectConfig https_redirect;
    AdmissionConfig admission;
    bool metrics = true;           ///< `metrics.enabled`
    bool use404 = false;           ///< `loadbalancer.use404`: no instance is 404 and not 503
    bool cors_everywhere = false;  ///< `globalcors.add-to-simple-url-handler-mapping`
    bool writable = false;         ///< `flotilla.gateway.actuator-write`: routes may be added at run time
    /// `flotilla.gateway.cache.stale-wait`: how long a client waits for a fresh answer where it could have a
    /// stale one; 0: not at all.
    std::chrono::milliseconds stale_wait{1000};
    /// How often files are looked at for changes; 0: never.
    std::chrono::milliseconds reload_interval{1000};
};

Result<GatewayConfig> read_gateway_config(const config::Environment& environment);
Result<CorsTable> read_cors(const config::Environment& environment);

/// `token.*`; null when there is no `token.secret`. What should be warned of is added to `warnings`.
Result<std::shared_ptr<const TokenCheck>> read_token_check(
    const config::Environment& environment, const Clock& clock, std::vector<std::string>& warnings
);

}  // namespace flotilla::gateway
