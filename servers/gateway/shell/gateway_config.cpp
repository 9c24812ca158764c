#include "flotilla/gateway/gateway_config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/gateway/property_tree.hpp"
#include "flotilla/gateway/route_definition.hpp"

namespace flotilla::gateway {

namespace {

using std::chrono::milliseconds;

/// Reads the gateway's properties under whichever prefix has them.
class Properties {
public:
    explicit Properties(const config::Environment& environment) : environment_(environment) {}

    template <class T>
    Result<void> read(std::string_view name, T& into) const {
        FLT_TRY(into, environment_.get<T>(gateway_property(environment_, name), into));
        return {};
    }

    Result<void> read_element(std::string_view name, proxy::ForwardedElement& into) const {
        FLT_CHECK(read(fmt::format("x-forwarded.{}-enabled", name), into.enabled));
        return read(fmt::format("x-forwarded.{}-append", name), into.append);
    }

    [[nodiscard]] std::optional<std::string> text(std::string_view name) const {
        return environment_.get(gateway_property(environment_, name));
    }

private:
    const config::Environment& environment_;
};

Result<void> read_client(const Properties& properties, proxy::ProxyConfig& client) {
    FLT_CHECK(properties.read("httpclient.connect-timeout", client.connect_timeout));
    FLT_CHECK(properties.read("httpclient.response-timeout", client.response_timeout));
    FLT_CHECK(properties.read("httpclient.pool.max-connections", client.pool.max_connections));
    FLT_CHECK(properties.read("httpclient.pool.max-pending", client.pool.max_pending));
    FLT_CHECK(properties.read("httpclient.pool.acquire-timeout", client.pool.acquire_timeout));
    FLT_CHECK(properties.read("httpclient.pool.max-idle-time", client.pool.max_idle_time));
    FLT_CHECK(properties.read("httpclient.ssl.use-insecure-trust-manager", client.ssl.insecure_trust));
    FLT_CHECK(properties.read("httpclient.ssl.handshake-timeout", client.tls_handshake_timeout));
    FLT_CHECK(properties.read("httpclient.ssl.certificate", client.ssl.certificate));
    FLT_CHECK(properties.read("httpclient.ssl.certificate-private-key", client.ssl.certificate_private_key));
    std::vector<std::string> trusted;
    FLT_CHECK(properties.read("httpclient.ssl.trusted-x509-certificates", trusted));
    if (trusted.size() > 1)
        return fail(
            Errc::unsupported,
            "httpclient.ssl.trusted-x509-certificates: put all certificates into one PEM file"
        );
    if (!trusted.empty()) client.ssl.trust_certificate = trusted.front();
    return {};
}

Result<void> read_forwarded(const Properties& properties, GatewayConfig& config) {
    FLT_CHECK(properties.read("forwarded.enabled", config.forwarded.forwarded));
    FLT_CHECK(properties.read("x-forwarded.enabled", config.forwarded.x_forwarded));
    FLT_CHECK(properties.read_element("for", config.forwarded.for_));
    FLT_CHECK(properties.read_element("host", config.forwarded.host));
    FLT_CHECK(properties.read_element("port", config.forwarded.port));
    FLT_CHECK(properties.read_element("proto", config.forwarded.proto));
    FLT_CHECK(properties.read_element("prefix", config.forwarded.prefix));
    FLT_TRY(config.trusted, proxy::TrustedProxies::parse(properties.text("trusted-proxies").value_or("")));
    return {};
}

Result<void> read_redirect(const config::Environment& environment, HttpsRedirectConfig& redirect) {
    constexpr std::string_view port = "flotilla.gateway.https-redirect.port";
    constexpr std::string_view to_port = "flotilla.gateway.https-redirect.to-port";
    if (!environment.contains(port)) return {};
    FLT_TRY(redirect.port, environment.get<std::uint16_t>(port, 0));
    FLT_TRY(const auto own, environment.get<std::uint16_t>("server.port", 0));
    FLT_TRY(redirect.to_port, environment.get<std::uint16_t>(to_port, own));
    return {};
}

Result<void> read_admission(const config::Environment& environment, AdmissionConfig& admission) {
    const auto read = [&]<class T>(std::string_view name, T& into) -> Result<void> {
        FLT_TRY(into, environment.get<T>(fmt::format("flotilla.gateway.admission.{}", name), into));
        return {};
    };
    std::vector<std::string> exempt{"/actuator/**", "/*/actuator/**"};
    FLT_CHECK(read("enabled", admission.enabled));
    FLT_CHECK(read("algorithm", admission.algorithm));
    FLT_CHECK(read("initial-limit", admission.initial_limit));
    FLT_CHECK(read("min-limit", admission.min_limit));
    FLT_CHECK(read("max-limit", admission.max_limit));
    FLT_CHECK(read("status", admission.status));
    FLT_CHECK(read("retry-after", admission.retry_after));
    FLT_CHECK(read("exempt", exempt));
    for (const std::string& path : exempt) {
        auto pattern = PathPattern::parse(path);
        if (!pattern) return fail(pattern.error().within("flotilla.gateway.admission.exempt"));
        admission.exempt.push_back(*std::move(pattern));
    }
    FLT_CHECK(admission.limit());
    return {};
}

Result<std::vector<crypto::JwtAlgorithm>> read_algorithms(const config::Environment& environment) {
    FLT_TRY(const auto names, environment.get("token.algorithms", std::vector<std::string>()));
    std::vector<crypto::JwtAlgorithm> algorithms;
    for (const std::string& name : names) {
        const auto algorithm = crypto::parse_jwt_algorithm(name);
        if (!algorithm || *algorithm == crypto::JwtAlgorithm::rs256)
            return fail(
                Errc::invalid_argument,
                fmt::format("token.algorithms: '{}' is none of HS256, HS384, HS512", name)
            );
        algorithms.push_back(*algorithm);
    }
    return algorithms;
}

Result<LocatorConfig> read_locator(const config::Environment& environment, const Properties& properties) {
    LocatorConfig locator;
    FLT_CHECK(properties.read("discovery.locator.enabled", locator.enabled));
    FLT_CHECK(properties.read("discovery.locator.route-id-prefix", locator.route_id_prefix));
    FLT_CHECK(properties.read("discovery.locator.lower-case-service-id", locator.lower_case_service_id));
    FLT_CHECK(properties.read("discovery.locator.include-expression", locator.include_expression));
    FLT_CHECK(properties.read("discovery.locator.url-expression", locator.url_expression));
    FLT_TRY(
        locator.predicates,
        read_components(environment, "discovery.locator.predicates", ComponentKind::predicate)
    );
    FLT_TRY(
        locator.filters, read_components(environment, "discovery.locator.filters", ComponentKind::filter)
    );
    // An expression that is none is told at the start, and not when the first service comes.
    if (const auto tried = located_routes(locator, {discovery::ServiceInstance()}); !tried)
        return fail(tried.error().within("discovery.locator"));
    return locator;
}

}  // namespace

Result<GatewayConfig> read_gateway_config(const config::Environment& environment) {
    const Properties properties(environment);
    GatewayConfig config;
    FLT_CHECK(read_client(properties, config.client));
    FLT_CHECK(read_forwarded(properties, config));
    std::vector<std::string> hop_by_hop;
    FLT_CHECK(properties.read("filter.remove-hop-by-hop.headers", hop_by_hop));
    if (!hop_by_hop.empty()) config.hop_by_hop = proxy::HopByHop(hop_by_hop);
    FLT_TRY(config.locator, read_locator(environment, properties));
    FLT_CHECK(properties.read("metrics.enabled", config.metrics));
    FLT_CHECK(properties.read("loadbalancer.use404", config.use404));
    FLT_CHECK(properties.read("globalcors.add-to-simple-url-handler-mapping", config.cors_everywhere));
    FLT_CHECK(read_redirect(environment, config.https_redirect));
    FLT_CHECK(read_admission(environment, config.admission));
    FLT_TRY(config.writable, environment.get("flotilla.gateway.actuator-write", false));
    FLT_TRY(config.stale_wait, environment.get("flotilla.gateway.cache.stale-wait", config.stale_wait));
    FLT_TRY(
        config.reload_interval, environment.get("flotilla.gateway.reload-interval", config.reload_interval)
    );
    return config;
}

Result<CorsTable> read_cors(const config::Environment& environment) {
    CorsTable table;
    Json json = property_tree(environment, std::string(newer_prefix) + "globalcors.cors-configurations");
    if (json.is_null())
        json = property_tree(environment, std::string(older_prefix) + "globalcors.cors-configurations");
    for (const auto& [path, rules] : json.members()) FLT_CHECK(table.add(path, rules));
    return table;
}

Result<std::shared_ptr<const TokenCheck>> read_token_check(
    const config::Environment& environment, const Clock& clock, std::vector<std::string>& warnings
) {
    const auto secret = environment.get("token.secret");
    if (!secret || secret->empty()) return nullptr;
    FLT_TRY(
        const auto encoding, crypto::parse_secret_encoding(environment.get_or("token.secret-encoding", "raw"))
    );
    FLT_TRY(auto previous, environment.get("token.previous-secrets", std::vector<std::string>()));
    const std::string min_key_check = environment.get_or("token.min-key-check", "warn");
    if (min_key_check != "warn" && min_key_check != "error")
        return fail(
            Errc::invalid_argument,
            fmt::format("token.min-key-check: '{}' is neither warn nor error", min_key_check)
        );

    crypto::JwtPolicy policy;
    FLT_TRY(policy.algorithms, read_algorithms(environment));
    FLT_TRY(policy.leeway, environment.get("token.leeway", policy.leeway));
    policy.issuer = environment.get_or("token.issuer", "");
    policy.audience = environment.get_or("token.audience", "");
    std::vector<crypto::JwtKey> keys;
    previous.insert(previous.begin(), *secret);
    const bool by_secret = policy.algorithms.empty();
    for (const std::string& text : previous) {
        auto decoded = crypto::decode_token_secret(text, encoding);
        if (!decoded) return fail(decoded.error().within("token.secret is no key"));
        FLT_TRY(auto key, crypto::JwtKey::hmac(decoded->key.view()));
        if (by_secret && std::ranges::find(policy.algorithms, decoded->algorithm) == policy.algorithms.end())
            policy.algorithms.push_back(decoded->algorithm);
        keys.push_back(std::move(key));
    }
    for (const auto algorithm : policy.algorithms) {
        const std::string weakness = keys.front().weakness(algorithm);
        if (weakness.empty()) continue;
        // Behind `token.secret:` the log shows nothing.
        std::string told = "token.secret is too short: " + weakness;
        if (min_key_check == "error") return fail(Errc::invalid_argument, std::move(told));
        warnings.push_back(std::move(told));
    }
    auto check = std::make_shared<TokenCheck>();
    check->verifier = std::make_shared<crypto::JwtVerifier>(std::move(policy), std::move(keys), clock);
    check->refusal = environment.get_or("token.refusal", check->refusal);
    return check;
}

}  // namespace flotilla::gateway
