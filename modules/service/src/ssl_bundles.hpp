#pragma once
// Spring's SSL bundles: certificates that have a name, for whoever serves with them (`spring.ssl.bundle.*`).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/runtime/tls.hpp"

namespace flotilla::config {
class Environment;
}

namespace flotilla::service {

struct PemStore {
    std::string certificate;
    std::string private_key;
    std::string private_key_password;
};

FLT_DESCRIBE_CONFIG(
    PemStore,
    (certificate, "PEM file with the certificate chain, or with those that are trusted."),
    (private_key, "PEM file with the key."),
    (private_key_password, "Its password.")
)

/// A PKCS12 file.
struct KeyStore {
    std::string location;
    std::string password;
    std::string type = "PKCS12";
};

FLT_DESCRIBE_CONFIG(
    KeyStore, (location, "PKCS12 file."), (password, "Its password."), (type, "PKCS12, and nothing else.")
)

struct BundleOptions {
    std::vector<std::string> ciphers;
    std::vector<std::string> enabled_protocols;
};

FLT_DESCRIBE_CONFIG(
    BundleOptions,
    (ciphers, "Ciphers, as OpenSSL calls them."),
    (enabled_protocols, "TLSv1.3, or TLSv1.2 and TLSv1.3.")
)

/// What a bundle of either kind has, with the store of its kind.
template <class Store>
struct Bundle {
    Store keystore;
    PemStore truststore;
    BundleOptions options;
    bool reload_on_update = true;
};

using PemBundle = Bundle<PemStore>;
using KeyStoreBundle = Bundle<KeyStore>;

FLT_DESCRIBE_CONFIG(
    PemBundle,
    (keystore, "What is shown to the other side."),
    (truststore, "What the other side is checked against."),
    (options, "Ciphers and protocols."),
    (reload_on_update, "Whether the files are read again when they change.")
)

FLT_DESCRIBE_CONFIG(
    KeyStoreBundle,
    (keystore, "What is shown to the other side."),
    (truststore, "What the other side is checked against: PEM."),
    (options, "Ciphers and protocols."),
    (reload_on_update, "Whether the files are read again when they change.")
)

/// `spring.ssl.bundle`, by name.
struct SslBundles {
    std::map<std::string, PemBundle> pem;
    std::map<std::string, KeyStoreBundle> jks;
};

FLT_DESCRIBE_CONFIG(
    SslBundles, (pem, "Of PEM files, by name."), (jks, "Of a PKCS12 file, by name: PEM where one can choose.")
)

/// Fills in the files of the bundles that `tls` names; `property` is what it was bound from, for errors. Who
/// names none stays as he is.
Result<void> use_bundles(const SslBundles& bundles, std::string_view property, runtime::TlsConfig& tls);

/// The same with what the environment has.
Result<void> use_bundles(
    config::Environment& environment, std::string_view property, std::optional<runtime::TlsConfig>& tls
);

}  // namespace flotilla::service
