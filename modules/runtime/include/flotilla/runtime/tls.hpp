#pragma once
/// TLS settings and contexts. A context is made once and shared by all loops; its certificate can be
/// exchanged while it is in use.

#include <memory>
#include <string>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::runtime {

enum class ClientAuth { none, want, need };

/// A further certificate: who asks for that name (SNI) is to get the bundle's.
struct ServerNameBundle {
    std::string server_name;
    std::string bundle;
};

/// Names and meaning as in Spring's `server.ssl.*`. Files are PEM, the key store PKCS12.
struct TlsConfig {
    bool enabled = true;
    std::string certificate;              ///< file with the certificate chain
    std::string certificate_private_key;  ///< file with its key
    std::string key_password;
    std::string key_store;  ///< PKCS12 file in place of the two above
    std::string key_store_password;
    std::string trust_certificate;  ///< file with the certificates that are trusted; the system's when empty
    ClientAuth client_auth = ClientAuth::none;
    std::string min_protocol = "TLSv1.2";
    std::string ciphers;
    std::vector<std::string> alpn{"http/1.1"};
    /// For clients, and for tests only: accept any certificate.
    bool insecure_trust = false;
    /// Of `spring.ssl.bundle.*`, in place of the files above, which a service fills in from there.
    std::string bundle;
    std::vector<ServerNameBundle> server_name_bundles;
    /// Whether a service reads the files again when they change.
    bool reload_on_update = true;
};

/// Server or client side of TLS: certificates, trust, protocol limits. Thread-safe.
class TlsContext {
public:
    static Result<std::shared_ptr<TlsContext>> server(const TlsConfig& config);
    static Result<std::shared_ptr<TlsContext>> client(const TlsConfig& config);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// Reads the files again. New connections use the new certificate; on failure the old one stays in use.
    Result<void> reload();
    /// The server certificate's end of life, for health and metrics: `notAfter` as ISO-8601.
    [[nodiscard]] std::string expires() const;

    struct Impl;

    [[nodiscard]] Impl& impl() const noexcept { return *impl_; }

private:
    explicit TlsContext(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::runtime
