#pragma once
/// Our hashes as OpenSSL knows them.

#include <openssl/evp.h>

#include "flotilla/crypto/digest.hpp"

namespace flotilla::crypto::detail {

const EVP_MD* native(Hash hash) noexcept;

}  // namespace flotilla::crypto::detail
