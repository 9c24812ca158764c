#pragma once
/// Hashes, message authentication and key derivation. Results are raw bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/crypto/secret_bytes.hpp"

namespace flotilla::crypto {

/// MD5 and SHA-1 are for formats that ask for them; they protect nothing any more.
enum class Hash { md5, sha1, sha256, sha384, sha512 };

[[nodiscard]] std::size_t digest_size(Hash hash) noexcept;
[[nodiscard]] std::string digest(Hash hash, std::string_view data);
/// The same in lower-case hex.
[[nodiscard]] std::string hex_digest(Hash hash, std::string_view data);
[[nodiscard]] std::string hmac(Hash hash, std::string_view key, std::string_view data);

/// PBKDF2 (RFC 8018). Slow on purpose: not for an event loop. At least one iteration and one byte.
Result<SecretBytes> pbkdf2(
    Hash hash, std::string_view password, std::string_view salt, std::uint32_t iterations, std::size_t length
);

/// Compares in a time that depends on the lengths alone: for tags, tokens and passwords.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// Bytes for keys, salts and tokens, from the operating system's generator.
[[nodiscard]] std::string random_bytes(std::size_t count);

}  // namespace flotilla::crypto
