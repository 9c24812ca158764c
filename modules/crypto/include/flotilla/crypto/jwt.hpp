#pragma once
/// JSON Web Tokens (RFC 7519) as compact JWS: signing, and verification that trusts nothing in the token
/// itself.
///
///     JwtVerifier verifier({.algorithms = {JwtAlgorithm::hs512}}, std::move(keys), clock);
///     Result<Jwt> token = verifier.verify(text);
///     if (!token && token.error().code() == JwtErrc::expired) …

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/crypto/rsa_key.hpp"
#include "flotilla/crypto/secret_bytes.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::crypto {

enum class JwtErrc {
    malformed = 1,  ///< not three parts of strict base64url, no JSON objects, or a claim of the wrong kind
    too_large,      ///< over 8 KiB
    algorithm_not_allowed,  ///< `none`, unknown, or not on the list
    bad_signature,          ///< no key fits
    expired,
    not_yet_valid,  ///< `nbf` or `iat` in the future
    missing_claim,  ///< `exp` or `sub`, where they are required
    wrong_issuer,
    wrong_audience,
    critical_extension,  ///< `crit` names what must be understood, and nothing is
};

std::error_code make_error_code(JwtErrc code) noexcept;

enum class JwtAlgorithm : std::uint8_t { hs256, hs384, hs512, rs256 };

/// `HS256` and so on.
std::string_view to_string(JwtAlgorithm algorithm) noexcept;
std::optional<JwtAlgorithm> parse_jwt_algorithm(std::string_view name) noexcept;

/// A key and the family of algorithms that it may be used with: an RSA key never checks an HMAC, nor the
/// other way.
class JwtKey {
public:
    /// HS256, HS384 and HS512. The secret must not be empty.
    static Result<JwtKey> hmac(std::string_view secret, std::string id = {});
    /// RS256. Signing needs the private key.
    static JwtKey rsa(RsaKey key, std::string id = {});

    [[nodiscard]] bool fits(JwtAlgorithm algorithm) const noexcept;

    /// `kid`; may be empty.
    [[nodiscard]] const std::string& id() const noexcept { return id_; }

    /// Why the key is too short for the algorithm by RFC 7518, for a warning at the start; empty when it is
    /// long enough.
    [[nodiscard]] std::string weakness(JwtAlgorithm algorithm) const;

    /// The signature of `input`. The algorithm must fit.
    [[nodiscard]] Result<std::string> sign(JwtAlgorithm algorithm, std::string_view input) const;
    [[nodiscard]] bool verify(JwtAlgorithm algorithm, std::string_view input, std::string_view signature)
        const;

private:
    using Material = std::variant<std::shared_ptr<const SecretBytes>, RsaKey>;

    JwtKey(Material material, std::string id) : material_(std::move(material)), id_(std::move(id)) {}

    Material material_;
    std::string id_;
};

/// How a configured secret becomes an HMAC key.
enum class SecretEncoding : std::uint8_t {
    raw,          ///< the bytes of the text; HS512
    base64,       ///< decoded as older jjwt does: other characters are skipped, an incomplete last group is
                  ///< dropped; HS512
    base64_text,  ///< the base64 spelling of the text; the strongest algorithm that the length allows
};

/// `raw`, `base64` or `base64-text`.
Result<SecretEncoding> parse_secret_encoding(std::string_view name);

struct TokenSecret {
    SecretBytes key;
    JwtAlgorithm algorithm = JwtAlgorithm::hs512;
};

Result<TokenSecret> decode_token_secret(std::string_view secret, SecretEncoding encoding);
/// Eight digits by which people see whether two programs have the same secret.
std::string secret_fingerprint(std::string_view secret);

/// A token with that claims object. The header is `{"alg":…}`, with `kid` when the key has an id.
Result<std::string> sign_jwt(const JwtKey& key, JwtAlgorithm algorithm, const reflect::Json& claims);

/// A token that has been verified.
struct Jwt {
    reflect::Json header;
    reflect::Json claims;

    [[nodiscard]] std::string_view subject() const noexcept;
};

struct JwtPolicy {
    std::vector<JwtAlgorithm> algorithms;  ///< others are refused; an empty list refuses everything
    Duration leeway = std::chrono::seconds(30);
    bool require_expiry = true;
    bool require_subject = true;
    std::string issuer = {};    ///< empty: not looked at
    std::string audience = {};  ///< must be among `aud`; empty: not looked at
};

/// Checks tokens. Immutable; safe on any thread. Errors never repeat the token.
class JwtVerifier {
public:
    static constexpr std::size_t max_token_bytes = 8192;

    /// Several keys while they rotate: a `kid` chooses among them, otherwise each that fits is tried.
    JwtVerifier(JwtPolicy policy, std::vector<JwtKey> keys, const Clock& clock);

    [[nodiscard]] Result<Jwt> verify(std::string_view token) const;
    /// What of a verified token may be otherwise by now: whether its time has come, and not passed.
    [[nodiscard]] Result<void> check_claims(const reflect::Json& claims) const;

private:
    JwtPolicy policy_;
    std::vector<JwtKey> keys_;
    const Clock& clock_;
};

}  // namespace flotilla::crypto

template <>
struct std::is_error_code_enum<flotilla::crypto::JwtErrc> : std::true_type {};
