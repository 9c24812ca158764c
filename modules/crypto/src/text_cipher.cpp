#include "flotilla/crypto/text_cipher.hpp"

#include "aes.hpp"
#include "flotilla/base/encoding.hpp"
#include "flotilla/crypto/digest.hpp"
#include "rsa.hpp"

namespace flotilla::crypto {

namespace {

constexpr std::uint32_t rounds = 1024;
constexpr std::size_t rsa_secret_bytes = 16;

std::unexpected<Error> wrong_key() {
    return fail(Errc::malformed, "Text not encrypted with this key");
}

Result<SecretBytes> derive_key(std::string_view password, std::string_view salt) {
    return pbkdf2(Hash::sha1, password, salt, rounds, detail::aes_key_bytes);
}

class SymmetricCipher final : public TextCipher {
public:
    explicit SymmetricCipher(SecretBytes key) : key_(std::move(key)) {}

    Result<std::string> encrypt(std::string_view text) const override {
        const std::string iv = random_bytes(detail::aes_iv_bytes);
        FLT_TRY(const std::string data, detail::aes_encrypt(detail::AesMode::cbc, key_.view(), iv, text));
        return to_hex(data);
    }

    Result<std::string> decrypt(std::string_view cipher) const override {
        const auto data = from_hex(cipher);
        if (!data) return wrong_key();
        auto plain = detail::aes_decrypt(detail::AesMode::cbc, key_.view(), *data);
        if (!plain) return wrong_key();
        return plain;
    }

private:
    SecretBytes key_;
};

class RsaCipher final : public TextCipher {
public:
    RsaCipher(RsaKey key, const RsaCipherOptions& options)
        : key_(std::move(key)),
          padding_(options.padding),
          mode_(options.strong ? detail::AesMode::gcm : detail::AesMode::cbc),
          salt_(from_hex(options.salt).value_or(options.salt)) {}

    Result<std::string> encrypt(std::string_view text) const override {
        const SecretBytes secret(random_bytes(rsa_secret_bytes));
        FLT_TRY(const std::string sealed, detail::rsa_encrypt(key_, padding_, secret.view()));
        FLT_TRY(const SecretBytes key, derive_key(to_hex(secret.view()), salt_));
        const std::string iv = random_bytes(detail::aes_iv_bytes);
        FLT_TRY(const std::string data, detail::aes_encrypt(mode_, key.view(), iv, text));
        std::string blob;
        blob += static_cast<char>(sealed.size() >> 8);
        blob += static_cast<char>(sealed.size() & 255);
        return to_base64(blob + sealed + data);
    }

    Result<std::string> decrypt(std::string_view cipher) const override {
        if (!can_decrypt()) return fail(Errc::unsupported, "a public key cannot decrypt");
        const auto blob = from_base64(cipher);
        if (!blob || blob->size() < 2) return wrong_key();
        const std::string_view bytes = *blob;
        const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
                                   static_cast<unsigned char>(bytes[1]);
        if (length != key_.modulus_bytes() || bytes.size() < 2 + length) return wrong_key();
        auto opened = detail::rsa_decrypt(key_, padding_, bytes.substr(2, length));
        if (!opened) return wrong_key();
        const SecretBytes secret(*opened);
        wipe(*opened);
        FLT_TRY(const SecretBytes key, derive_key(to_hex(secret.view()), salt_));
        auto plain = detail::aes_decrypt(mode_, key.view(), bytes.substr(2 + length));
        if (!plain) return wrong_key();
        return plain;
    }

    bool can_decrypt() const noexcept override { return key_.is_private(); }

    std::optional<std::string> public_key_text() const override { return key_.ssh_public_text(); }

private:
    RsaKey key_;
    RsaPadding padding_;
    detail::AesMode mode_;
    std::string salt_;
};

}  // namespace

Result<std::unique_ptr<TextCipher>> make_symmetric_cipher(std::string_view key, std::string_view salt) {
    const auto salt_bytes = from_hex(salt);
    if (!salt_bytes || salt_bytes->empty()) return fail(Errc::invalid_argument, "encrypt.salt is not hex");
    if (key.empty()) return fail(Errc::invalid_argument, "encrypt.key is empty");
    FLT_TRY(SecretBytes derived, derive_key(key, *salt_bytes));
    return std::make_unique<SymmetricCipher>(std::move(derived));
}

std::unique_ptr<TextCipher> make_rsa_cipher(RsaKey key, RsaCipherOptions options) {
    return std::make_unique<RsaCipher>(std::move(key), options);
}

Result<std::unique_ptr<TextCipher>> make_cipher_for_key(std::string_view key, std::string_view salt) {
    if (key.contains("RSA PRIVATE KEY") || key.contains("-----BEGIN PRIVATE KEY-----")) {
        FLT_TRY(RsaKey rsa, RsaKey::from_pem(key));
        return make_rsa_cipher(std::move(rsa));
    }
    if (key.starts_with("ssh-rsa") || key.contains("PUBLIC KEY"))
        return fail(Errc::invalid_argument, "encrypt.key is a public key: it cannot decrypt");
    return make_symmetric_cipher(key, salt);
}

std::string_view PrefixedText::find(std::string_view name) const noexcept {
    for (const auto& [key, value] : prefixes)
        if (key == name) return value;
    return {};
}

std::string PrefixedText::prefix_text() const {
    std::string out;
    for (const auto& [key, value] : prefixes)
        out.append("{").append(key).append(":").append(value).append("}");
    return out;
}

PrefixedText split_prefixes(std::string_view value) {
    PrefixedText out;
    while (value.starts_with('{')) {
        const std::size_t end = value.find('}');
        if (end == std::string_view::npos) break;
        const std::string_view inner = value.substr(1, end - 1);
        if (inner == "plain") {
            value.remove_prefix(end + 1);
            break;
        }
        const std::size_t colon = inner.find(':');
        if (colon == std::string_view::npos) {
            out.prefixes.emplace_back(inner, "");
            break;
        }
        out.prefixes.emplace_back(inner.substr(0, colon), inner.substr(colon + 1));
        value.remove_prefix(end + 1);
    }
    out.text = value;
    return out;
}

}  // namespace flotilla::crypto
