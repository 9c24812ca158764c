#include "decryption.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "flotilla/base/text.hpp"
#include "flotilla/crypto/text_cipher.hpp"

namespace flotilla::service {

namespace {

using CipherPtr = std::shared_ptr<const crypto::TextCipher>;

Result<crypto::RsaCipherOptions> rsa_options(const config::Environment& environment) {
    crypto::RsaCipherOptions options;
    const std::string algorithm = environment.get_or("encrypt.rsa.algorithm", "DEFAULT");
    if (iequals(algorithm, "OAEP")) {
        options.padding = crypto::RsaPadding::oaep;
    } else if (!iequals(algorithm, "DEFAULT")) {
        return fail(
            Errc::invalid_argument,
            fmt::format("encrypt.rsa.algorithm: expected DEFAULT or OAEP, got '{}'", algorithm)
        );
    }
    FLT_TRY(options.strong, environment.get("encrypt.rsa.strong", false));
    options.salt = environment.get_or("encrypt.rsa.salt", options.salt);
    return options;
}

Result<CipherPtr> cipher_of_store(
    const config::Environment& environment, const config::Files& files, std::string path
) {
    for (const std::string_view scheme : {"file://", "file:", "classpath:/", "classpath:"}) {
        if (!path.starts_with(scheme)) continue;
        path.erase(0, scheme.size());
        break;
    }
    const auto text = [&](const char* name, std::string_view otherwise = {}) {
        return environment.get_or(std::string("encrypt.key-store.") + name, otherwise);
    };
    FLT_TRY(const std::string bytes, files.read(path));
    const std::string password = text("password");
    FLT_TRY(const auto store, crypto::KeyStore::from_pkcs12(bytes, password));
    FLT_TRY(auto key, store.key(text("alias"), text("secret", password)));
    FLT_TRY(auto options, rsa_options(environment));
    return CipherPtr(crypto::make_rsa_cipher(std::move(key), std::move(options)));
}

/// Null when no key is configured.
Result<CipherPtr> cipher_of(const config::Environment& environment, const config::Files& files) {
    const std::string location = environment.get_or("encrypt.key-store.location", "");
    if (!location.empty()) {
        auto made = cipher_of_store(environment, files, location);
        if (!made) return fail(made.error().within("encrypt.key-store"));
        return made;
    }
    const std::string key = environment.get_or("encrypt.key", "");
    if (key.empty()) return CipherPtr();
    auto made = crypto::make_cipher_for_key(key, environment.get_or("encrypt.salt", crypto::default_salt));
    if (!made) return fail(made.error().within("encrypt.key"));
    return CipherPtr(std::move(*made));
}

}  // namespace

Result<config::Environment> load_decrypted(config::EnvironmentOptions options) {
    if (!options.files) options.files = config::Files::disk();
    // The key stands among what it is for: once to find it, and once more with it. Without a key, too: what
    // comes with a refresh is not to be served as it is written either.
    FLT_TRY(auto environment, config::Environment::load(options));
    FLT_TRY(
        const bool wanted, environment.get("spring.cloud.decrypt-environment-post-processor.enabled", true)
    );
    if (!wanted) return environment;
    FLT_TRY(const CipherPtr cipher, cipher_of(environment, *options.files));
    FLT_TRY(const bool strict, environment.get("encrypt.fail-on-error", true));
    options.decrypt = [cipher, strict](std::string_view text) -> Result<std::string> {
        Result<std::string> plain =
            cipher ? cipher->decrypt(text)
                   : fail(Errc::unavailable, "neither encrypt.key nor a key store is set");
        if (!plain && !strict) return std::string();
        return plain;
    };
    return config::Environment::load(std::move(options));
}

std::vector<std::string> undecipherable(const config::Environment& environment) {
    std::set<std::string> names;
    for (const config::SourcePtr& source : environment.sources())
        for (const config::Property& property : source->properties())
            if (property.encrypted && property.text().empty()) names.insert(property.name);
    return {names.begin(), names.end()};
}

}  // namespace flotilla::service
