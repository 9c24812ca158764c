#pragma once
/// Encrypted property values, as Spring Cloud Config's `{cipher}` has them.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/crypto/rsa_key.hpp"

namespace flotilla::crypto {

/// Turns text into printable cipher text and back. Immutable; safe on any thread.
class TextCipher {
public:
    virtual ~TextCipher() = default;
    /// Twice the same text gives two cipher texts.
    [[nodiscard]] virtual Result<std::string> encrypt(std::string_view text) const = 0;
    /// One error, `Text not encrypted with this key`, for whatever is wrong with the cipher text.
    [[nodiscard]] virtual Result<std::string> decrypt(std::string_view cipher) const = 0;

    [[nodiscard]] virtual bool can_decrypt() const noexcept { return true; }

    /// `ssh-rsa … application`; nothing for a symmetric key.
    [[nodiscard]] virtual std::optional<std::string> public_key_text() const { return std::nullopt; }

protected:
    TextCipher() = default;
    TextCipher(const TextCipher&) = default;
    TextCipher& operator=(const TextCipher&) = default;
};

inline constexpr std::string_view default_salt = "deadbeef";

/// AES-256-CBC with a key derived from `key` by PBKDF2-HMAC-SHA1 (1024 rounds); `salt` is hex. Cipher text:
/// hex of IV and blocks. Deriving takes a fraction of a millisecond, so make it once.
Result<std::unique_ptr<TextCipher>> make_symmetric_cipher(
    std::string_view key, std::string_view salt = default_salt
);

enum class RsaPadding { pkcs1, oaep };

struct RsaCipherOptions {
    RsaPadding padding = RsaPadding::pkcs1;        ///< `encrypt.rsa.algorithm`: DEFAULT or OAEP
    bool strong = false;                           ///< AES-256-GCM in place of CBC
    std::string salt = std::string(default_salt);  ///< hex, or any text
};

/// A fresh secret for each text, encrypted with RSA, and the text encrypted with the secret; base64. A public
/// key can only encrypt.
std::unique_ptr<TextCipher> make_rsa_cipher(RsaKey key, RsaCipherOptions options = {});

/// What `encrypt.key` means: an RSA private key in PEM, or a symmetric key with `salt`. Public keys are
/// refused.
Result<std::unique_ptr<TextCipher>> make_cipher_for_key(
    std::string_view key, std::string_view salt = default_salt
);

/// `{key:k1}{secret:s}AQ…` taken apart: what stands after `{cipher}`, or what is sent to be encrypted.
struct PrefixedText {
    std::vector<std::pair<std::string, std::string>> prefixes;  ///< in their order
    std::string text;

    /// The value of a prefix, or an empty text.
    [[nodiscard]] std::string_view find(std::string_view name) const noexcept;
    /// The prefixes as they were written, without `{plain}`: they are repeated before a new cipher text.
    [[nodiscard]] std::string prefix_text() const;
};

/// Reads `{name:value}` prefixes. `{plain}` ends them: what follows is the text itself. A `{name}` without a
/// colon ends them too; it counts as a prefix without a value and stays part of the text.
PrefixedText split_prefixes(std::string_view value);

}  // namespace flotilla::crypto
