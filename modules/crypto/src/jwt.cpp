#include "flotilla/crypto/jwt.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "flotilla/base/encoding.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::crypto {

namespace {

using reflect::Json;

std::unexpected<Error> refuse(JwtErrc code, std::string why) {
    return std::unexpected(Error(make_error_code(code), "token refused: " + why));
}

/// One part of the token as a JSON object.
Result<Json> read_part(std::string_view part, const char* what) {
    static constexpr reflect::Limits limits{
        .depth = 16, .bytes = JwtVerifier::max_token_bytes, .elements = 1000
    };
    const auto text = from_base64url(part);
    if (!text) return refuse(JwtErrc::malformed, std::string(what) + " is not base64url");
    auto json = reflect::parse_json(*text, limits, reflect::Leniency::strict());
    if (!json || !json->is_object())
        return refuse(JwtErrc::malformed, std::string(what) + " is no JSON object");
    return *std::move(json);
}

/// Seconds since the epoch, with a fraction if one likes; nothing when the claim is absent.
Result<std::optional<double>> read_time(const Json& claims, std::string_view name) {
    const Json* const claim = claims.find(name);
    if (!claim) return std::nullopt;
    const auto seconds = claim->as_double();
    if (!seconds || !std::isfinite(*seconds))
        return refuse(JwtErrc::malformed, std::string(name) + " is no number");
    return seconds;
}

bool is_for(const Json& claims, std::string_view audience) {
    const Json& claim = claims["aud"];
    if (claim.is_string()) return claim.string_or("") == audience;
    return std::ranges::any_of(claim.elements(), [&](const Json& one) {
        return one.string_or("") == audience;
    });
}

}  // namespace

std::string_view Jwt::subject() const noexcept {
    return std::as_const(claims)["sub"].string_or("");
}

Result<std::string> sign_jwt(const JwtKey& key, JwtAlgorithm algorithm, const Json& claims) {
    if (!key.fits(algorithm))
        return fail(Errc::invalid_argument, "the key is not for " + std::string(to_string(algorithm)));
    if (!claims.is_object()) return fail(Errc::invalid_argument, "claims must be a JSON object");
    Json header = Json::object({{"alg", to_string(algorithm)}});
    if (!key.id().empty()) header["kid"] = key.id();
    std::string token = to_base64url(header.text()) + "." + to_base64url(claims.text());
    FLT_TRY(const std::string signature, key.sign(algorithm, token));
    token.append(".").append(to_base64url(signature));
    if (token.size() > JwtVerifier::max_token_bytes)
        return fail(Errc::limit_exceeded, "token larger than any verifier takes");
    return token;
}

JwtVerifier::JwtVerifier(JwtPolicy policy, std::vector<JwtKey> keys, const Clock& clock)
    : policy_(std::move(policy)), keys_(std::move(keys)), clock_(clock) {}

Result<Jwt> JwtVerifier::verify(std::string_view token) const {
    if (token.size() > max_token_bytes) return refuse(JwtErrc::too_large, "over 8 KiB");
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return refuse(JwtErrc::malformed, "not three parts");

    FLT_TRY(Json header, read_part(token.substr(0, first), "header"));
    const Json& read_header = header;
    const auto algorithm = parse_jwt_algorithm(read_header["alg"].string_or(""));
    if (!algorithm || std::ranges::find(policy_.algorithms, *algorithm) == policy_.algorithms.end())
        return refuse(JwtErrc::algorithm_not_allowed, "its algorithm is not allowed");
    if (header.contains("crit"))
        return refuse(JwtErrc::critical_extension, "critical extensions are not known here");

    const auto signature = from_base64url(token.substr(second + 1));
    if (!signature) return refuse(JwtErrc::malformed, "signature is not base64url");
    const std::string_view key_id = read_header["kid"].string_or("");
    const bool genuine = std::ranges::any_of(keys_, [&](const JwtKey& key) {
        const bool other = !key_id.empty() && !key.id().empty() && key_id != key.id();
        return !other && key.fits(*algorithm) && key.verify(*algorithm, token.substr(0, second), *signature);
    });
    if (!genuine) return refuse(JwtErrc::bad_signature, "its signature does not fit");

    FLT_TRY(Json claims, read_part(token.substr(first + 1, second - first - 1), "claims"));
    FLT_CHECK(check_claims(claims));
    return Jwt{std::move(header), std::move(claims)};
}

Result<void> JwtVerifier::check_claims(const Json& claims) const {
    const double now = std::chrono::duration<double>(clock_.wall_now().time_since_epoch()).count();
    const double leeway = std::chrono::duration<double>(policy_.leeway).count();
    FLT_TRY(const auto expiry, read_time(claims, "exp"));
    FLT_TRY(const auto not_before, read_time(claims, "nbf"));
    FLT_TRY(const auto issued, read_time(claims, "iat"));
    if (!expiry && policy_.require_expiry) return refuse(JwtErrc::missing_claim, "it has no exp");
    if (expiry && now >= *expiry + leeway) return refuse(JwtErrc::expired, "it has expired");
    if (not_before && now < *not_before - leeway)
        return refuse(JwtErrc::not_yet_valid, "it is not valid yet");
    if (issued && now < *issued - leeway)
        return refuse(JwtErrc::not_yet_valid, "it was issued in the future");
    if (const Json* subject = claims.find("sub"); subject && !subject->is_string())
        return refuse(JwtErrc::malformed, "sub is no string");
    if (policy_.require_subject && claims["sub"].string_or("").empty())
        return refuse(JwtErrc::missing_claim, "it has no sub");
    if (!policy_.issuer.empty() && claims["iss"].string_or("") != policy_.issuer)
        return refuse(JwtErrc::wrong_issuer, "its issuer is another");
    if (!policy_.audience.empty() && !is_for(claims, policy_.audience))
        return refuse(JwtErrc::wrong_audience, "it is for others");
    return {};
}

}  // namespace flotilla::crypto
