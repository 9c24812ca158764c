#include <array>
#include <utility>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/crypto/digest.hpp"
#include "flotilla/crypto/jwt.hpp"
#include "rsa.hpp"

namespace flotilla::crypto {

namespace {

struct Named {
    JwtAlgorithm algorithm;
    std::string_view name;
};

constexpr std::array<Named, 4> names{{
    {JwtAlgorithm::hs256, "HS256"},
    {JwtAlgorithm::hs384, "HS384"},
    {JwtAlgorithm::hs512, "HS512"},
    {JwtAlgorithm::rs256, "RS256"},
}};

Hash hash_of(JwtAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case JwtAlgorithm::hs384:
            return Hash::sha384;
        case JwtAlgorithm::hs512:
            return Hash::sha512;
        case JwtAlgorithm::hs256:
        case JwtAlgorithm::rs256:
            return Hash::sha256;
    }
    return Hash::sha256;
}

class JwtCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "jwt"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<JwtErrc>(code)) {
            case JwtErrc::malformed:
                return "malformed token";
            case JwtErrc::too_large:
                return "token too large";
            case JwtErrc::algorithm_not_allowed:
                return "algorithm not allowed";
            case JwtErrc::bad_signature:
                return "bad signature";
            case JwtErrc::expired:
                return "token expired";
            case JwtErrc::not_yet_valid:
                return "token not yet valid";
            case JwtErrc::missing_claim:
                return "claim missing";
            case JwtErrc::wrong_issuer:
                return "wrong issuer";
            case JwtErrc::wrong_audience:
                return "wrong audience";
            case JwtErrc::critical_extension:
                return "critical extension not understood";
        }
        return "unknown token error";
    }
};

/// As jjwt 0.9 reads a secret: what is no base64 character is passed over, and so is an incomplete last
/// group.
std::string decode_leniently(std::string_view text) {
    std::string characters;
    for (const char c : text)
        if (is_ascii_alpha(c) || is_ascii_digit(c) || c == '+' || c == '/') characters += c;
    characters.resize(characters.size() / 4 * 4);
    std::string decoded = from_base64(characters).value_or("");
    wipe(characters);
    return decoded;
}

}  // namespace

std::error_code make_error_code(JwtErrc code) noexcept {
    static const JwtCategory category;
    return {static_cast<int>(code), category};
}

std::string_view to_string(JwtAlgorithm algorithm) noexcept {
    for (const Named& named : names)
        if (named.algorithm == algorithm) return named.name;
    return "";
}

std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name) noexcept {
    for (const Named& named : names)
        if (named.name == name) return named.algorithm;
    return std::nullopt;
}

Result<JwtKey> JwtKey::hmac(std::string_view secret, std::string id) {
    if (secret.empty()) return fail(Errc::invalid_argument, "the token secret is empty");
    return JwtKey(std::make_shared<const SecretBytes>(secret), std::move(id));
}

JwtKey JwtKey::rsa(RsaKey key, std::string id) {
    return {std::move(key), std::move(id)};
}

bool JwtKey::fits(JwtAlgorithm algorithm) const noexcept {
    return (algorithm == JwtAlgorithm::rs256) == std::holds_alternative<RsaKey>(material_);
}

std::string JwtKey::weakness(JwtAlgorithm algorithm) const {
    const auto too_short = [&](std::size_t has, std::size_t needs) {
        if (has >= needs) return std::string();
        return std::string(to_string(algorithm)) + " asks for a key of " + std::to_string(needs) +
               " bytes, this one has " + std::to_string(has);
    };
    if (const auto* rsa_key = std::get_if<RsaKey>(&material_))
        return too_short(rsa_key->modulus_bytes(), 256);
    return too_short(std::get<0>(material_)->size(), digest_size(hash_of(algorithm)));
}

Result<std::string> JwtKey::sign(JwtAlgorithm algorithm, std::string_view input) const {
    FLT_ASSERT(fits(algorithm));
    if (const auto* rsa_key = std::get_if<RsaKey>(&material_)) return detail::rsa_sign(*rsa_key, input);
    return crypto::hmac(hash_of(algorithm), std::get<0>(material_)->view(), input);
}

bool JwtKey::verify(JwtAlgorithm algorithm, std::string_view input, std::string_view signature) const {
    FLT_ASSERT(fits(algorithm));
    if (const auto* rsa_key = std::get_if<RsaKey>(&material_))
        return detail::rsa_verify(*rsa_key, input, signature);
    return equal_in_constant_time(
        crypto::hmac(hash_of(algorithm), std::get<0>(material_)->view(), input), signature
    );
}

Result<SecretEncoding> parse_secret_encoding(std::string_view name) {
    if (name == "raw") return SecretEncoding::raw;
    if (name == "base64") return SecretEncoding::base64;
    if (name == "base64-text") return SecretEncoding::base64_text;
    return fail(
        Errc::invalid_argument,
        "unknown secret encoding '" + std::string(name) + "': raw, base64 or base64-text"
    );
}

Result<TokenSecret> decode_token_secret(std::string_view secret, SecretEncoding encoding) {
    if (encoding == SecretEncoding::raw) {
        if (secret.empty()) return fail(Errc::invalid_argument, "the token secret is empty");
        return TokenSecret{SecretBytes(secret), JwtAlgorithm::hs512};
    }
    std::string key = encoding == SecretEncoding::base64 ? decode_leniently(secret) : to_base64(secret);
    TokenSecret out{SecretBytes(key), JwtAlgorithm::hs512};
    wipe(key);
    if (encoding == SecretEncoding::base64) {
        if (out.key.empty()) return fail(Errc::invalid_argument, "the token secret has no base64 characters");
        return out;
    }
    if (out.key.size() < 32)
        return fail(Errc::invalid_argument, "the token secret is too short for any algorithm");
    out.algorithm = out.key.size() >= 64   ? JwtAlgorithm::hs512
                    : out.key.size() >= 48 ? JwtAlgorithm::hs384
                                           : JwtAlgorithm::hs256;
    return out;
}

std::string secret_fingerprint(std::string_view secret) {
    return hex_digest(Hash::sha256, secret).substr(0, 8);
}

}  // namespace flotilla::crypto
