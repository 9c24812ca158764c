#pragma once
/// AES-256 as Spring's encryptors use it: the IV stands first, the tag of GCM last.

#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::crypto::detail {

inline constexpr std::size_t aes_key_bytes = 32;
inline constexpr std::size_t aes_iv_bytes = 16;

enum class AesMode { cbc, gcm };

/// IV, cipher text and, for GCM, the tag. `iv` has 16 bytes, also for GCM.
Result<std::string> aes_encrypt(
    AesMode mode, std::string_view key, std::string_view iv, std::string_view plain
);
/// An error for a text of the wrong length, a wrong padding or a wrong tag.
Result<std::string> aes_decrypt(AesMode mode, std::string_view key, std::string_view data);

}  // namespace flotilla::crypto::detail
