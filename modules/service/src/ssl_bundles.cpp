#include "ssl_bundles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::service {

namespace {

std::unexpected<Error> wrong(std::string_view property, std::string_view what) {
    return fail(Errc::invalid_argument, fmt::format("{}: {}", property, what));
}

/// Spring's locations: `file:/etc/edge.pem` is /etc/edge.pem.
Result<std::string> path_of(const std::string& location) {
    if (location.find("-----BEGIN") != std::string::npos)
        return fail(Errc::unsupported, "it holds the certificate or key itself: name a file that does");
    if (location.starts_with("classpath:"))
        return fail(Errc::unsupported, fmt::format("'{}': there is no class path; name a file", location));
    if (location.find(',') != std::string::npos)
        return fail(Errc::unsupported, fmt::format("'{}': a file whose name has a comma", location));
    std::string_view path = location;
    constexpr std::string_view scheme = "file:";
    if (path.starts_with(scheme)) path.remove_prefix(scheme.size());
    if (path.starts_with("///")) path.remove_prefix(2);
    return std::string(path);
}

Result<void> use_options(const BundleOptions& options, runtime::TlsConfig& tls) {
    if (!options.ciphers.empty()) tls.ciphers = join(options.ciphers, ":");
    if (options.enabled_protocols.empty()) return {};
    const auto has = [&](std::string_view protocol) {
        return std::ranges::find(options.enabled_protocols, protocol) != options.enabled_protocols.end();
    };
    for (const std::string& protocol : options.enabled_protocols)
        if (protocol != "TLSv1.2" && protocol != "TLSv1.3")
            return fail(
                Errc::unsupported,
                fmt::format("options.enabled-protocols: '{}': TLSv1.3, or TLSv1.2 and TLSv1.3", protocol)
            );
    if (!has("TLSv1.3"))
        return fail(Errc::unsupported, "options.enabled-protocols: TLSv1.3 is always among them");
    tls.min_protocol = has("TLSv1.2") ? "TLSv1.2" : "TLSv1.3";
    return {};
}

/// A bundle as settings of its own.
Result<runtime::TlsConfig> settings_of(const PemBundle& bundle) {
    runtime::TlsConfig tls;
    FLT_TRY(tls.certificate, path_of(bundle.keystore.certificate));
    if (tls.certificate.empty()) return fail(Errc::invalid_argument, "it has no keystore.certificate");
    FLT_TRY(tls.certificate_private_key, path_of(bundle.keystore.private_key));
    if (tls.certificate_private_key.empty()) tls.certificate_private_key = tls.certificate;
    tls.key_password = bundle.keystore.private_key_password;
    return tls;
}

Result<runtime::TlsConfig> settings_of(const KeyStoreBundle& bundle) {
    runtime::TlsConfig tls;
    if (!iequals(bundle.keystore.type, "PKCS12"))
        return fail(
            Errc::unsupported,
            fmt::format(
                "keystore.type '{}': PKCS12, which keytool -importkeystore makes", bundle.keystore.type
            )
        );
    FLT_TRY(tls.key_store, path_of(bundle.keystore.location));
    if (tls.key_store.empty()) return fail(Errc::invalid_argument, "it has no keystore.location");
    tls.key_store_password = bundle.keystore.password;
    return tls;
}

template <class Store>
Result<runtime::TlsConfig> whole(const Bundle<Store>& bundle) {
    FLT_TRY(runtime::TlsConfig tls, settings_of(bundle));
    FLT_TRY(tls.trust_certificate, path_of(bundle.truststore.certificate));
    FLT_CHECK(use_options(bundle.options, tls));
    tls.reload_on_update = bundle.reload_on_update;
    return tls;
}

Result<runtime::TlsConfig> find(const SslBundles& bundles, const std::string& name) {
    const auto told = [&name](Result<runtime::TlsConfig> read) -> Result<runtime::TlsConfig> {
        if (!read) return fail(read.error().within(fmt::format("bundle '{}'", name)));
        return read;
    };
    if (const auto pem = bundles.pem.find(name); pem != bundles.pem.end()) return told(whole(pem->second));
    if (const auto jks = bundles.jks.find(name); jks != bundles.jks.end()) return told(whole(jks->second));
    std::vector<std::string> names;
    for (const auto& [known, bundle] : bundles.pem) names.push_back(known);
    for (const auto& [known, bundle] : bundles.jks) names.push_back(known);
    return fail(
        Errc::invalid_argument,
        fmt::format(
            "no bundle '{}' below spring.ssl.bundle.pem or .jks; there {}",
            name,
            names.empty() ? "is none" : "are: " + join(names, ", ")
        )
    );
}

Result<void> use_main(const SslBundles& bundles, runtime::TlsConfig& tls) {
    if (!tls.certificate.empty() || !tls.key_store.empty())
        return fail(Errc::invalid_argument, "a bundle, or a certificate or key store: not both");
    FLT_TRY(runtime::TlsConfig found, find(bundles, tls.bundle));
    tls.certificate = std::move(found.certificate);
    tls.certificate_private_key = std::move(found.certificate_private_key);
    tls.key_store = std::move(found.key_store);
    tls.key_store_password = std::move(found.key_store_password);
    tls.reload_on_update = tls.reload_on_update && found.reload_on_update;
    // What the server says itself counts where the bundle says nothing.
    if (!found.key_password.empty()) tls.key_password = std::move(found.key_password);
    if (!found.trust_certificate.empty()) tls.trust_certificate = std::move(found.trust_certificate);
    if (!found.ciphers.empty()) tls.ciphers = std::move(found.ciphers);
    if (tls.min_protocol == runtime::TlsConfig().min_protocol) tls.min_protocol = found.min_protocol;
    return {};
}

/// One more certificate beside those that there are: they are chosen by the names that they are made out to.
Result<void> add_certificate(const SslBundles& bundles, const std::string& name, runtime::TlsConfig& tls) {
    FLT_TRY(const runtime::TlsConfig more, find(bundles, name));
    const auto refuse = [&name](std::string_view what) {
        return fail(Errc::unsupported, fmt::format("bundle '{}': {}", name, what));
    };
    if (tls.certificate.empty() || more.certificate.empty())
        return refuse("several certificates are PEM files, the first of them too");
    if (!more.trust_certificate.empty() && more.trust_certificate != tls.trust_certificate)
        return refuse("clients are checked against one truststore, whatever name they ask for");
    if (!more.key_password.empty() && !tls.key_password.empty() && more.key_password != tls.key_password)
        return refuse("several private keys have one password");
    if (tls.certificate_private_key.empty()) tls.certificate_private_key = tls.certificate;
    tls.certificate += "," + more.certificate;
    tls.certificate_private_key += "," + more.certificate_private_key;
    if (tls.key_password.empty()) tls.key_password = more.key_password;
    tls.reload_on_update = tls.reload_on_update && more.reload_on_update;
    return {};
}

}  // namespace

Result<void> use_bundles(const SslBundles& bundles, std::string_view property, runtime::TlsConfig& tls) {
    if (!tls.bundle.empty()) {
        if (const auto used = use_main(bundles, tls); !used)
            return wrong(fmt::format("{}.bundle", property), used.error().message());
    }
    std::vector<std::string> added{tls.bundle};
    for (std::size_t i = 0; i < tls.server_name_bundles.size(); ++i) {
        const auto& [server_name, bundle] = tls.server_name_bundles[i];
        const std::string place = fmt::format("{}.server-name-bundles[{}]", property, i);
        if (server_name.empty() || bundle.empty()) return wrong(place, "it needs a server-name and a bundle");
        if (std::ranges::find(added, bundle) != added.end()) continue;  // of several names
        if (const auto used = add_certificate(bundles, bundle, tls); !used)
            return wrong(place, used.error().message());
        added.push_back(bundle);
    }
    return {};
}

Result<void> use_bundles(
    config::Environment& environment, std::string_view property, std::optional<runtime::TlsConfig>& tls
) {
    if (!tls || (tls->bundle.empty() && tls->server_name_bundles.empty())) return {};
    FLT_TRY(const auto bundles, environment.bind<SslBundles>("spring.ssl.bundle"));
    return use_bundles(bundles, property, *tls);
}

}  // namespace flotilla::service
