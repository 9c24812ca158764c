#pragma once
// What a TlsContext holds: the current SSL_CTX, exchanged as a whole on reload.

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>

#include "flotilla/runtime/tls.hpp"

namespace flotilla::runtime {

struct SslCtxFree {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

using SslCtx = std::shared_ptr<SSL_CTX>;

struct TlsContext::Impl {
    TlsConfig config;
    bool is_server = false;
    std::string alpn_wire;  // length-prefixed names, as ALPN has them

    [[nodiscard]] SslCtx current() const {
        const std::lock_guard lock(mutex);
        return context;
    }

    mutable std::mutex mutex;
    SslCtx context;
};

/// The reasons that OpenSSL has queued on this thread, as one line.
std::string openssl_reasons();

}  // namespace flotilla::runtime
