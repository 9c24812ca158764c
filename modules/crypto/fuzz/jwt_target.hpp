#pragma once
/// One input for what reads text from strangers: tokens, cipher texts, prefixes, PEM and hashes.

#include <cstdlib>
#include <string>
#include <string_view>

#include "../tests/test_keys.hpp"
#include "flotilla/base/encoding.hpp"
#include "flotilla/crypto/jwt.hpp"
#include "flotilla/crypto/text_cipher.hpp"

namespace flotilla::crypto {

/// Aborts when something is accepted that nobody has signed, or when a round trip fails.
inline void read_untrusted(std::string_view input) {
    static const RsaKey rsa = *RsaKey::from_pem(test_key_pem());
    static const JwtKey secret = *JwtKey::hmac(
        "a secret that no input holds, of 64 bytes or more, "
        "so that it is long enough"
    );
    static const ManualClock clock;
    static const JwtPolicy policy{
        .algorithms = {JwtAlgorithm::hs256, JwtAlgorithm::hs512, JwtAlgorithm::rs256},
        .require_expiry = false,
        .require_subject = false
    };
    static const JwtVerifier verifier(policy, {secret, JwtKey::rsa(rsa.public_half())}, clock);
    static const auto symmetric = *make_symmetric_cipher("a key");
    static const auto asymmetric = make_rsa_cipher(rsa, {.strong = true});

    if (verifier.verify(input)) std::abort();
    // The same parts under a good signature lead to the claims' reader.
    const std::size_t dot = input.find('.');
    if (dot != std::string_view::npos) {
        const std::string parts =
            to_base64url(input.substr(0, dot)) + "." + to_base64url(input.substr(dot + 1));
        static_cast<void>(
            verifier.verify(parts + "." + to_base64url(*secret.sign(JwtAlgorithm::hs256, parts)))
        );
    }
    static_cast<void>(symmetric->decrypt(input));
    static_cast<void>(symmetric->decrypt(to_hex(input)));
    if (input.starts_with('A')) static_cast<void>(asymmetric->decrypt(input));
    if (symmetric->decrypt(*symmetric->encrypt(input)) != std::string(input)) std::abort();
    const PrefixedText prefixed = split_prefixes(input);
    if (!input.ends_with(prefixed.text)) std::abort();
    for (const SecretEncoding encoding :
         {SecretEncoding::raw, SecretEncoding::base64, SecretEncoding::base64_text})
        static_cast<void>(decode_token_secret(input, encoding));
    if (input.contains("-----")) static_cast<void>(RsaKey::from_pem(input));
}

}  // namespace flotilla::crypto
