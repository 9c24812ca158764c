#include "aes.hpp"

#include <climits>

#include "flotilla/base/assert.hpp"
#include "flotilla/crypto/secret_bytes.hpp"
#include "openssl.hpp"

namespace flotilla::crypto::detail {

namespace {

constexpr std::size_t block_bytes = 16;
constexpr std::size_t tag_bytes = 16;
/// Far above any property value, far below what OpenSSL's int lengths can take.
constexpr std::size_t max_text = std::size_t{64} << 20;

const EVP_CIPHER* cipher_of(AesMode mode) noexcept {
    return mode == AesMode::cbc ? EVP_aes_256_cbc() : EVP_aes_256_gcm();
}

}  // namespace

Result<std::string> aes_encrypt(
    AesMode mode, std::string_view key, std::string_view iv, std::string_view plain
) {
    FLT_ASSERT(key.size() == aes_key_bytes && iv.size() == aes_iv_bytes);
    const CleanErrorQueue clean;
    if (plain.size() > max_text) return fail(Errc::limit_exceeded, "text too long to encrypt");
    const CipherContext context(EVP_CIPHER_CTX_new());
    std::string out(iv);
    out.resize(iv.size() + plain.size() + block_bytes);
    int head = 0;
    int tail = 0;
    const bool done =
        context && EVP_EncryptInit_ex(context.get(), cipher_of(mode), nullptr, nullptr, nullptr) == 1 &&
        (mode == AesMode::cbc ||
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(iv.size()), nullptr) ==
             1) &&
        EVP_EncryptInit_ex(context.get(), nullptr, nullptr, bytes(key), bytes(iv)) == 1 &&
        EVP_EncryptUpdate(
            context.get(), bytes(out.data() + iv.size()), &head, bytes(plain), static_cast<int>(plain.size())
        ) == 1 &&
        EVP_EncryptFinal_ex(context.get(), bytes(out.data() + iv.size() + head), &tail) == 1;
    if (!done) return fail(openssl_error(Errc::internal, "AES"));
    out.resize(iv.size() + static_cast<std::size_t>(head) + static_cast<std::size_t>(tail));
    if (mode == AesMode::gcm) {
        char tag[tag_bytes];
        if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag) != 1)
            return fail(openssl_error(Errc::internal, "AES"));
        out.append(tag, tag_bytes);
    }
    return out;
}

Result<std::string> aes_decrypt(AesMode mode, std::string_view key, std::string_view data) {
    FLT_ASSERT(key.size() == aes_key_bytes);
    const CleanErrorQueue clean;
    const std::size_t least = aes_iv_bytes + (mode == AesMode::cbc ? block_bytes : tag_bytes);
    if (data.size() < least || data.size() > max_text)
        return fail(Errc::malformed, "cipher text of a wrong length");
    const std::string_view iv = data.substr(0, aes_iv_bytes);
    std::string_view body = data.substr(aes_iv_bytes);
    std::string tag;
    if (mode == AesMode::gcm) {
        tag = body.substr(body.size() - tag_bytes);
        body.remove_suffix(tag_bytes);
    }
    const CipherContext context(EVP_CIPHER_CTX_new());
    std::string out(body.size() + block_bytes, '\0');
    int head = 0;
    int tail = 0;
    const bool done =
        context && EVP_DecryptInit_ex(context.get(), cipher_of(mode), nullptr, nullptr, nullptr) == 1 &&
        (mode == AesMode::cbc ||
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(iv.size()), nullptr) ==
             1) &&
        EVP_DecryptInit_ex(context.get(), nullptr, nullptr, bytes(key), bytes(iv)) == 1 &&
        EVP_DecryptUpdate(
            context.get(), bytes(out.data()), &head, bytes(body), static_cast<int>(body.size())
        ) == 1 &&
        (mode == AesMode::cbc ||
         EVP_CIPHER_CTX_ctrl(
             context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()
         ) == 1) &&
        EVP_DecryptFinal_ex(context.get(), bytes(out.data() + head), &tail) == 1;
    if (!done) {
        wipe(out);
        return fail(Errc::malformed, "cipher text does not fit the key");
    }
    out.resize(static_cast<std::size_t>(head) + static_cast<std::size_t>(tail));
    return out;
}

}  // namespace flotilla::crypto::detail
