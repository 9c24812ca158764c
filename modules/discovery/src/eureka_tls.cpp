#include "flotilla/discovery/eureka_tls.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <string_view>

#include "flotilla/base/text.hpp"

namespace flotilla::discovery {

namespace {

enum class StoreKind { pem, pkcs12, jks };

std::unexpected<Error> refuse(std::string_view property, std::string text) {
    return fail(Errc::invalid_argument, fmt::format("eureka.client.tls.{}: {}", property, text));
}

Result<std::string> path_of(std::string_view property, const std::string& location) {
    if (istarts_with(location, "classpath:"))
        return refuse(property, fmt::format("'{}': there is no class path here, name a file", location));
    std::string_view path = location;
    if (path.starts_with("file:")) path.remove_prefix(5);
    if (path.starts_with("//")) path.remove_prefix(2);
    return std::string(path);
}

/// By what the file begins with: a type that is configured may be wrong, and keytool names PKCS12 files .jks.
Result<StoreKind> kind_of(std::string_view property, const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, 4> start{};
    file.read(start.data(), start.size());
    if (!file) return refuse(property, fmt::format("cannot read '{}'", path));
    const std::string_view magic(start.data(), start.size());
    if (magic == "\xFE\xED\xFE\xED" || magic == "\xCE\xCE\xCE\xCE") return StoreKind::jks;
    return magic.starts_with('\x30') ? StoreKind::pkcs12 : StoreKind::pem;
}

Result<void> check_type(std::string_view property, std::string_view type) {
    if (type.empty() || iequals(type, "PEM") || iequals(type, "PKCS12") || iequals(type, "JKS")) return {};
    return refuse(property, fmt::format("'{}': PEM or PKCS12", type));
}

}  // namespace

Result<std::optional<runtime::TlsConfig>> tls_of(const EurekaTlsConfig& config) {
    if (!config.enabled) return std::nullopt;
    runtime::TlsConfig tls;
    FLT_CHECK(check_type("key-store-type", config.key_store_type));
    FLT_CHECK(check_type("trust-store-type", config.trust_store_type));
    if (!config.key_store.empty()) {
        FLT_TRY(const std::string path, path_of("key-store", config.key_store));
        FLT_TRY(const StoreKind kind, kind_of("key-store", path));
        if (kind == StoreKind::jks) {
            return refuse(
                "key-store",
                fmt::format(
                    "'{0}' is a JKS store, which is not read; make a PKCS12 one of it: keytool "
                    "-importkeystore -srckeystore {0} -destkeystore {0}.p12 -deststoretype pkcs12",
                    path
                )
            );
        }
        if (kind == StoreKind::pem) {
            tls.certificate = tls.certificate_private_key = path;
        } else {
            tls.key_store = path;
        }
        tls.key_store_password = config.key_store_password;
        tls.key_password = config.key_password.empty() ? config.key_store_password : config.key_password;
    }
    if (!config.trust_store.empty()) {
        FLT_TRY(tls.trust_certificate, path_of("trust-store", config.trust_store));
        FLT_TRY(const StoreKind kind, kind_of("trust-store", tls.trust_certificate));
        if (kind != StoreKind::pem) {
            return refuse(
                "trust-store",
                fmt::format(
                    "'{0}' is a {1} store, and only PEM is read; make PEM of it: keytool -list -rfc "
                    "-keystore {0} > {0}.pem",
                    tls.trust_certificate,
                    kind == StoreKind::jks ? "JKS" : "PKCS12"
                )
            );
        }
    }
    return tls;
}

}  // namespace flotilla::discovery
