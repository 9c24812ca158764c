#include "flotilla/crypto/rsa_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "flotilla/base/encoding.hpp"
#include "openssl.hpp"

namespace flotilla::crypto {

namespace {

using detail::Owned;
using Bio = Owned<BIO, BIO_free_all>;
using Number = Owned<BIGNUM, BN_free>;

constexpr int min_bits = 512;
constexpr int max_bits = 16'384;

/// Gives the passphrase, and nothing when there is none: otherwise OpenSSL would ask on the terminal.
int give_passphrase(char* buffer, int size, int /*for_writing*/, void* data) {
    const auto& passphrase = *static_cast<const std::string_view*>(data);
    if (size <= 0 || passphrase.size() > static_cast<std::size_t>(size)) return -1;
    passphrase.copy(buffer, passphrase.size());
    return static_cast<int>(passphrase.size());
}

Bio reader_of(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string contents(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string big_endian(const BIGNUM* number) {
    std::string out(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, detail::bytes(out.data()));
    return out;
}

std::string ssh_string(std::string_view text) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(text.size() >> shift & 255);
    return out.append(text);
}

/// A number that would read as negative gets a zero byte in front.
std::string ssh_number(const BIGNUM* number) {
    std::string text = big_endian(number);
    if (!text.empty() && (static_cast<unsigned char>(text[0]) & 0x80) != 0) text.insert(text.begin(), '\0');
    return ssh_string(text);
}

Number parameter(EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key, name, &number);
    return Number(number);
}

}  // namespace

RsaKey::RsaKey(evp_pkey_st* owned, bool is_private) : key_(owned, EVP_PKEY_free), private_(is_private) {}

Result<RsaKey> RsaKey::adopt(evp_pkey_st* owned, bool is_private) {
    detail::Key key(owned);
    if (!key) return fail(Errc::malformed, "no RSA key");
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
        return fail(Errc::unsupported, "the key is no RSA key");
    const int bits = EVP_PKEY_get_bits(key.get());
    if (bits < min_bits || bits > max_bits)
        return fail(Errc::invalid_argument, "RSA key of an unusable size");
    return RsaKey(key.release(), is_private);
}

Result<RsaKey> RsaKey::from_pem(std::string_view pem, std::string_view passphrase) {
    const detail::CleanErrorQueue clean;
    if (pem.size() > 1U << 20) return fail(Errc::limit_exceeded, "PEM text too long");
    void* const secret = &passphrase;
    if (pem.contains("PRIVATE KEY-----")) {
        const Bio bio = reader_of(pem);
        EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, secret);
        if (!key) return fail(Errc::malformed, "no readable private key in the PEM text");
        return adopt(key, true);
    }
    if (pem.contains("-----BEGIN CERTIFICATE-----")) {
        const Bio bio = reader_of(pem);
        const Owned<X509, X509_free> certificate(
            PEM_read_bio_X509(bio.get(), nullptr, give_passphrase, secret)
        );
        if (!certificate) return fail(Errc::malformed, "no readable certificate in the PEM text");
        return adopt(X509_get_pubkey(certificate.get()), false);
    }
    // Both spellings of a public key are read by this one function: OpenSSL looks at the armour.
    const Bio bio = reader_of(pem);
    EVP_PKEY* const key = PEM_read_bio_PUBKEY(bio.get(), nullptr, give_passphrase, secret);
    if (!key) return fail(Errc::malformed, "no readable key in the PEM text");
    return adopt(key, false);
}

Result<RsaKey> RsaKey::from_modulus(std::string_view modulus, std::string_view exponent) {
    const detail::CleanErrorQueue clean;
    if (modulus.size() > max_bits / 8 + 1 || exponent.size() > 8)
        return fail(Errc::malformed, "RSA number too long");
    const Number n(BN_bin2bn(detail::bytes(modulus), static_cast<int>(modulus.size()), nullptr));
    const Number e(BN_bin2bn(detail::bytes(exponent), static_cast<int>(exponent.size()), nullptr));
    const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
    if (!n || !e || BN_is_zero(n.get()) || !BN_is_odd(e.get()) || !builder ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return fail(Errc::malformed, "not an RSA public key");
    const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const detail::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return fail(Errc::malformed, "not an RSA public key");
    return adopt(key, false);
}

Result<RsaKey> RsaKey::generate(unsigned bits) {
    const detail::CleanErrorQueue clean;
    if (bits < 2048 || bits > 8192) return fail(Errc::invalid_argument, "an RSA key has 2048 to 8192 bits");
    EVP_PKEY* const key = EVP_RSA_gen(bits);
    if (!key) return fail(detail::openssl_error(Errc::internal, "RSA key"));
    return adopt(key, true);
}

std::size_t RsaKey::modulus_bytes() const noexcept {
    return static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
}

std::size_t RsaKey::modulus_bits() const noexcept {
    return static_cast<std::size_t>(EVP_PKEY_get_bits(key_.get()));
}

std::string RsaKey::ssh_public_text(std::string_view comment) const {
    const Number n = parameter(key_.get(), OSSL_PKEY_PARAM_RSA_N);
    const Number e = parameter(key_.get(), OSSL_PKEY_PARAM_RSA_E);
    const std::string blob = ssh_string("ssh-rsa") + ssh_number(e.get()) + ssh_number(n.get());
    return "ssh-rsa " + to_base64(blob) + " " + std::string(comment);
}

std::string RsaKey::public_pem() const {
    const detail::CleanErrorQueue clean;
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(bio.get(), key_.get());
    return contents(bio.get());
}

RsaKey RsaKey::public_half() const {
    RsaKey half = *this;
    if (auto read = from_pem(public_pem())) half = *std::move(read);
    half.private_ = false;
    return half;
}

}  // namespace flotilla::crypto
