#include "rsa.hpp"

#include <openssl/rsa.h>

#include "flotilla/crypto/secret_bytes.hpp"
#include "openssl.hpp"

namespace flotilla::crypto::detail {

namespace {

bool set_padding(EVP_PKEY_CTX* context, RsaPadding padding) {
    if (padding == RsaPadding::pkcs1) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha1()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha1()) == 1;
}

}  // namespace

Result<std::string> rsa_encrypt(const RsaKey& key, RsaPadding padding, std::string_view plain) {
    const CleanErrorQueue clean;
    const KeyContext context(EVP_PKEY_CTX_new(key.native(), nullptr));
    std::string out(key.modulus_bytes(), '\0');
    std::size_t length = out.size();
    if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 || !set_padding(context.get(), padding) ||
        EVP_PKEY_encrypt(context.get(), bytes(out.data()), &length, bytes(plain), plain.size()) != 1)
        return fail(openssl_error(Errc::internal, "RSA"));
    out.resize(length);
    return out;
}

Result<std::string> rsa_decrypt(const RsaKey& key, RsaPadding padding, std::string_view cipher) {
    const CleanErrorQueue clean;
    const KeyContext context(EVP_PKEY_CTX_new(key.native(), nullptr));
    std::string out(key.modulus_bytes(), '\0');
    std::size_t length = out.size();
    if (!key.is_private() || !context || EVP_PKEY_decrypt_init(context.get()) != 1 ||
        !set_padding(context.get(), padding) ||
        EVP_PKEY_decrypt(context.get(), bytes(out.data()), &length, bytes(cipher), cipher.size()) != 1)
        return fail(Errc::malformed, "not encrypted with this key");
    out.resize(length);
    return out;
}

Result<std::string> rsa_sign(const RsaKey& key, std::string_view input) {
    const CleanErrorQueue clean;
    if (!key.is_private()) return fail(Errc::invalid_argument, "signing needs the private key");
    const DigestContext context(EVP_MD_CTX_new());
    std::string out(key.modulus_bytes(), '\0');
    std::size_t length = out.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) != 1 ||
        EVP_DigestSign(context.get(), bytes(out.data()), &length, bytes(input), input.size()) != 1)
        return fail(openssl_error(Errc::internal, "RSA signature"));
    out.resize(length);
    return out;
}

bool rsa_verify(const RsaKey& key, std::string_view input, std::string_view signature) {
    const CleanErrorQueue clean;
    const DigestContext context(EVP_MD_CTX_new());
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(input), input.size()) ==
               1;
}

}  // namespace flotilla::crypto::detail
