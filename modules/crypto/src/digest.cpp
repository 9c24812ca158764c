#include "flotilla/crypto/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <climits>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/encoding.hpp"
#include "hash.hpp"
#include "openssl.hpp"

namespace flotilla::crypto {

namespace detail {

const EVP_MD* native(Hash hash) noexcept {
    switch (hash) {
        case Hash::md5:
            return EVP_md5();
        case Hash::sha1:
            return EVP_sha1();
        case Hash::sha256:
            return EVP_sha256();
        case Hash::sha384:
            return EVP_sha384();
        case Hash::sha512:
            return EVP_sha512();
    }
    return EVP_sha512();
}

}  // namespace detail

std::size_t digest_size(Hash hash) noexcept {
    return static_cast<std::size_t>(EVP_MD_get_size(detail::native(hash)));
}

std::string digest(Hash hash, std::string_view data) {
    std::string out(digest_size(hash), '\0');
    FLT_ASSERT(EVP_Digest(
        data.data(), data.size(), detail::bytes(out.data()), nullptr, detail::native(hash), nullptr
    ));
    return out;
}

std::string hex_digest(Hash hash, std::string_view data) {
    return to_hex(digest(hash, data));
}

std::string hmac(Hash hash, std::string_view key, std::string_view data) {
    std::string out(digest_size(hash), '\0');
    const char none = 0;  // a null key would mean "the key of the last call"
    const void* const key_data = key.empty() ? &none : key.data();
    FLT_ASSERT(key.size() <= INT_MAX);
    FLT_ASSERT(
        HMAC(
            detail::native(hash),
            key_data,
            static_cast<int>(key.size()),
            detail::bytes(data),
            data.size(),
            detail::bytes(out.data()),
            nullptr
        ) != nullptr
    );
    return out;
}

Result<SecretBytes> pbkdf2(
    Hash hash, std::string_view password, std::string_view salt, std::uint32_t iterations, std::size_t length
) {
    const detail::CleanErrorQueue clean;
    if (iterations == 0 || iterations > INT_MAX || length == 0 || length > 1024 ||
        password.size() > INT_MAX || salt.size() > INT_MAX)
        return fail(Errc::invalid_argument, "pbkdf2: iterations or length out of range");
    SecretBytes key(length);
    const int done = PKCS5_PBKDF2_HMAC(
        password.empty() ? "" : password.data(),
        static_cast<int>(password.size()),
        detail::bytes(salt),
        static_cast<int>(salt.size()),
        static_cast<int>(iterations),
        detail::native(hash),
        static_cast<int>(length),
        detail::bytes(key.data())
    );
    if (done != 1) return fail(detail::openssl_error(Errc::internal, "pbkdf2"));
    return key;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    // Without randomness there is no safe way on.
    FLT_ASSERT(count <= INT_MAX);
    FLT_ASSERT(RAND_bytes(detail::bytes(out.data()), static_cast<int>(count)) == 1);
    return out;
}

}  // namespace flotilla::crypto
