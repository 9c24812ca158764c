#pragma once
/// What one does with an RSA key.

#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/crypto/rsa_key.hpp"
#include "flotilla/crypto/text_cipher.hpp"

namespace flotilla::crypto::detail {

/// OAEP is with SHA-1 and an empty label, as Spring has it.
Result<std::string> rsa_encrypt(const RsaKey& key, RsaPadding padding, std::string_view plain);
Result<std::string> rsa_decrypt(const RsaKey& key, RsaPadding padding, std::string_view cipher);

/// PKCS#1 v1.5 with SHA-256: RS256.
Result<std::string> rsa_sign(const RsaKey& key, std::string_view input);
bool rsa_verify(const RsaKey& key, std::string_view input, std::string_view signature);

}  // namespace flotilla::crypto::detail
