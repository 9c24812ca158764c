#pragma once
/// TLS towards registries: `eureka.client.tls.*`, by Spring's names.

#include <optional>
#include <string>

#include "flotilla/base/result.hpp"
#include "flotilla/runtime/tls.hpp"

namespace flotilla::discovery {

/// `eureka.client.tls.*`. Paths may begin with `file:`. A key store is PEM (certificate chain and key in one
/// file) or PKCS12, a trust store PEM.
struct EurekaTlsConfig {
    bool enabled = false;
    std::string key_store{};  ///< what we show a registry that asks who we are
    std::string key_store_type{};
    std::string key_store_password{};
    std::string key_password{};  ///< of a key in PEM
    std::string trust_store{};   ///< whom we believe; the system's authorities when empty
    std::string trust_store_type{};
    std::string trust_store_password{};
};

/// Nothing when it is not enabled. An error names the property and, for a Java key store, the command that
/// makes something of it that can be read.
Result<std::optional<runtime::TlsConfig>> tls_of(const EurekaTlsConfig& config);

}  // namespace flotilla::discovery
