#include "flotilla/shop/tokens.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/crypto/jwt.hpp"

namespace flotilla::shop {

namespace {

using namespace std::chrono_literals;
using reflect::Json;

constexpr Duration service_token_life = 60s;
// Behind `token.secret:` the log shows nothing.
constexpr const char* too_short = "token.secret is too short: ";

Problem unauthorized(std::string message, std::string challenge) {
    return Problem(http::Status::unauthorized, "UNAUTHORIZED", std::move(message))
        .header("WWW-Authenticate", std::move(challenge));
}

Problem invalid_token() {
    return unauthorized("The requested token is invalid.", R"(Bearer error="invalid_token")");
}

Problem forbidden() {
    return Problem(http::Status::forbidden, "FORBIDDEN", "The token is not for this");
}

/// The token of exactly one field `Bearer <token>`; nothing for anything else.
std::optional<std::string_view> bearer_of(std::string_view value) {
    constexpr std::string_view scheme = "bearer ";
    if (!istarts_with(value, scheme)) return std::nullopt;
    const std::string_view token = trim(value.substr(scheme.size()));
    if (token.empty() || token.find(' ') != std::string_view::npos) return std::nullopt;
    return token;
}

/// `"roles":["admin"]`, or a single text.
std::vector<std::string> roles_of(const Json& claims) {
    std::vector<std::string> roles;
    const Json* claim = claims.find("roles");
    if (!claim) return roles;
    if (const auto* one = claim->as_string()) roles.push_back(*one);
    for (const Json& each : claim->elements()) {
        if (const auto* text = each.as_string()) roles.push_back(*text);
    }
    return roles;
}

Result<std::vector<crypto::JwtAlgorithm>> algorithms_of(
    const TokenConfig& config, std::vector<crypto::JwtAlgorithm> of_keys
) {
    if (config.algorithms.empty()) return of_keys;
    std::vector<crypto::JwtAlgorithm> named;
    for (const auto& name : config.algorithms) {
        const auto algorithm = crypto::parse_jwt_algorithm(name);
        if (!algorithm) return fail(Errc::invalid_argument, "token.algorithms: unknown algorithm " + name);
        named.push_back(*algorithm);
    }
    return named;
}

}  // namespace

bool Caller::has_role(std::string_view role) const {
    return std::ranges::any_of(roles, [&](const std::string& own) { return iequals(own, role); });
}

struct TokenKeys::Parts {
    TokenConfig config;
    crypto::JwtKey signing;
    crypto::JwtAlgorithm algorithm;
    crypto::JwtVerifier verifier;
    const Clock& clock;
    std::string weakness;
};

TokenKeys::TokenKeys(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

TokenKeys::~TokenKeys() = default;

Result<std::shared_ptr<const TokenKeys>> TokenKeys::of(const TokenConfig& config, const Clock& clock) {
    if (config.secret.empty()) return fail(Errc::invalid_argument, "token.secret is not set");
    FLT_TRY(const auto encoding, crypto::parse_secret_encoding(config.secret_encoding));
    std::vector<reflect::Secret> secrets{config.secret};
    secrets.insert(secrets.end(), config.previous_secrets.begin(), config.previous_secrets.end());

    std::vector<crypto::JwtKey> keys;
    std::vector<crypto::JwtAlgorithm> algorithms;
    for (const auto& secret : secrets) {
        FLT_TRY(const auto decoded, crypto::decode_token_secret(secret.reveal(), encoding));
        // Tokens name their key only while more than one is in use.
        FLT_TRY(
            auto key,
            crypto::JwtKey::hmac(
                decoded.key.view(),
                secrets.size() > 1 ? crypto::secret_fingerprint(secret.reveal()) : std::string()
            )
        );
        keys.push_back(std::move(key));
        algorithms.push_back(decoded.algorithm);
    }
    const crypto::JwtAlgorithm algorithm = algorithms.front();
    std::string weakness = keys.front().weakness(algorithm);
    if (!weakness.empty() && config.min_key_check == "error")
        return fail(Errc::invalid_argument, too_short + weakness);

    FLT_TRY(auto accepted, algorithms_of(config, std::move(algorithms)));
    crypto::JwtPolicy policy{
        .algorithms = std::move(accepted),
        .leeway = config.leeway,
        .issuer = config.issuer,
        .audience = config.audience,
    };
    crypto::JwtKey signing = keys.front();
    return std::shared_ptr<const TokenKeys>(new TokenKeys(std::make_unique<Parts>(Parts{
        .config = config,
        .signing = std::move(signing),
        .algorithm = algorithm,
        .verifier = crypto::JwtVerifier(std::move(policy), std::move(keys), clock),
        .clock = clock,
        .weakness = std::move(weakness),
    })));
}

Result<std::string> TokenKeys::issue(
    std::string_view subject, Duration good_for, const std::vector<std::string>& roles
) const {
    const auto ends = std::chrono::floor<std::chrono::seconds>(parts_->clock.wall_now() + good_for);
    Json claims = Json::object({{"sub", subject}, {"exp", ends.time_since_epoch().count()}});
    if (!parts_->config.issuer.empty()) claims.set("iss", parts_->config.issuer);
    if (!parts_->config.audience.empty()) claims.set("aud", parts_->config.audience);
    if (!roles.empty()) claims.set("roles", roles);
    return crypto::sign_jwt(parts_->signing, parts_->algorithm, claims);
}

Outcome<Caller> TokenKeys::verify(std::string_view token) const {
    auto jwt = parts_->verifier.verify(token);
    if (!jwt || jwt->subject().empty()) return refuse(invalid_token());
    return Caller{.id = std::string(jwt->subject()), .roles = roles_of(jwt->claims)};
}

const TokenConfig& TokenKeys::config() const noexcept {
    return parts_->config;
}

const std::string& TokenKeys::weakness() const noexcept {
    return parts_->weakness;
}

std::string TokenKeys::fingerprint() const {
    return "****" + crypto::secret_fingerprint(parts_->config.secret.reveal());
}

Tokens::Tokens(config::Environment environment, const Clock& clock, log::Logger log)
    : environment_(std::move(environment)), clock_(clock), log_(log) {}

Result<std::unique_ptr<Tokens>> Tokens::load(
    config::Environment environment, const Clock& clock, log::Logger log
) {
    std::unique_ptr<Tokens> tokens(new Tokens(std::move(environment), clock, log));
    FLT_CHECK(tokens->read());
    tokens->subscription_ =
        tokens->environment_.subscribe([self = tokens.get()](const auto& changed) { self->reread(changed); });
    return tokens;
}

Result<void> Tokens::read() {
    FLT_TRY(const auto config, environment_.bind<TokenConfig>("token"));
    FLT_TRY(auto keys, TokenKeys::of(config, clock_));
    if (!keys->weakness().empty()) log_.warn("{}{}", too_short, keys->weakness());
    keys_.store(std::move(keys));
    return {};
}

void Tokens::reread(const config::Environment::ChangedKeys& changed) {
    if (std::ranges::none_of(changed, [](const std::string& key) { return key.starts_with("token."); }))
        return;
    if (const auto read_again = read(); read_again) {
        log_.info("tokens are signed with {} now", keys()->fingerprint());
    } else {
        log_.error("the change of token.* is left out: {}", read_again.error().message());
    }
}

Outcome<Caller> Tokens::caller_of(const http::Request& request) const {
    const std::size_t fields = request.fields().count(http::KnownField::authorization);
    if (fields == 0) {
        log_.debug("No authorization header");
        return refuse(unauthorized("No authorization header", "Bearer"));
    }
    const auto token = bearer_of(request.header(http::KnownField::authorization));
    if (fields > 1 || !token) return refuse(invalid_token());
    auto caller = keys()->verify(*token);
    if (!caller) log_.debug("JWT token is not valid");
    return caller;
}

Outcome<Caller> Tokens::caller_for(const http::Request& request, std::string_view user_id) const {
    auto caller = caller_of(request);
    if (caller && caller->id != user_id && !caller->has_role(admin_role)) return refuse(forbidden());
    return caller;
}

Outcome<Caller> Tokens::caller_with(const http::Request& request, std::string_view role) const {
    auto caller = caller_of(request);
    if (caller && !caller->has_role(role)) return refuse(forbidden());
    return caller;
}

Result<std::string> Tokens::service_authorization(std::string_view service) const {
    FLT_TRY(const auto token, keys()->issue(service, service_token_life, {std::string(service_role)}));
    return "Bearer " + token;
}

}  // namespace flotilla::shop
