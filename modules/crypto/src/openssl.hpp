#pragma once
/// Owners for OpenSSL's objects, and its error queue kept clean.

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::crypto::detail {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};

template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

using CipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;

/// Empties the thread's error queue at its end: what is left there would be taken for an error of the next
/// TLS call.
class CleanErrorQueue {
public:
    CleanErrorQueue() = default;
    CleanErrorQueue(const CleanErrorQueue&) = delete;
    CleanErrorQueue& operator=(const CleanErrorQueue&) = delete;

    ~CleanErrorQueue() { ERR_clear_error(); }
};

/// The library's own words for what went wrong last, behind ours.
inline Error openssl_error(Errc code, std::string context) {
    if (const unsigned long error = ERR_peek_last_error(); error != 0) {
        char text[160];
        ERR_error_string_n(error, text, sizeof text);
        context.append(": ").append(text);
    }
    return Error(code, std::move(context));
}

inline const unsigned char* bytes(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

inline unsigned char* bytes(char* text) noexcept {
    return reinterpret_cast<unsigned char*>(text);
}

}  // namespace flotilla::crypto::detail
