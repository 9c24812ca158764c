#include <openssl/pkcs12.h>

#include <climits>

#include "flotilla/base/text.hpp"
#include "flotilla/crypto/rsa_key.hpp"
#include "openssl.hpp"

namespace flotilla::crypto {

namespace {

using detail::Owned;

void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) {
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

bool is_key(const PKCS12_SAFEBAG* bag) {
    const int kind = PKCS12_SAFEBAG_get_nid(bag);
    return kind == NID_keyBag || kind == NID_pkcs8ShroudedKeyBag;
}

std::string alias_of(PKCS12_SAFEBAG* bag) {
    char* const name = PKCS12_get_friendlyname(bag);
    std::string alias = name ? name : "";
    OPENSSL_free(name);
    return alias;
}

}  // namespace

Result<KeyStore> KeyStore::from_pkcs12(std::string_view bytes, std::string_view password) {
    const detail::CleanErrorQueue clean;
    if (bytes.size() > 1U << 20 || password.size() > 1024)
        return fail(Errc::limit_exceeded, "key store too large");
    const unsigned char* at = detail::bytes(bytes);
    const Owned<PKCS12, PKCS12_free> store(d2i_PKCS12(nullptr, &at, static_cast<long>(bytes.size())));
    if (!store) return fail(Errc::malformed, "not a PKCS#12 key store");
    KeyStore out;
    out.password_ = SecretBytes(password);
    const int length = static_cast<int>(password.size());
    const std::string_view secret = out.password_.view();
    const char* const text = secret.empty() ? "" : secret.data();
    if (PKCS12_mac_present(store.get()) != 0 && PKCS12_verify_mac(store.get(), text, length) != 1)
        return fail(Errc::invalid_argument, "the key store's password is wrong, or the store is damaged");

    const auto free_safes = [](STACK_OF(PKCS7) * safes) { sk_PKCS7_pop_free(safes, PKCS7_free); };
    const std::unique_ptr<STACK_OF(PKCS7), decltype(free_safes)> safes(
        PKCS12_unpack_authsafes(store.get()), free_safes
    );
    if (!safes) return fail(Errc::malformed, "not a PKCS#12 key store");
    for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
        PKCS7* const safe = sk_PKCS7_value(safes.get(), i);
        STACK_OF(PKCS12_SAFEBAG)* bags = nullptr;
        if (PKCS7_type_is_data(safe))
            bags = PKCS12_unpack_p7data(safe);
        else if (PKCS7_type_is_encrypted(safe))
            bags = PKCS12_unpack_p7encdata(safe, text, length);
        // Certificates may be under a cipher that OpenSSL has given up; keys never share a safe with them.
        if (!bags) continue;
        const std::shared_ptr<const STACK_OF(PKCS12_SAFEBAG)> kept(bags, free_bags);
        for (int k = 0; k < sk_PKCS12_SAFEBAG_num(bags); ++k) {
            PKCS12_SAFEBAG* const bag = sk_PKCS12_SAFEBAG_value(bags, k);
            if (is_key(bag)) out.aliases_.push_back(alias_of(bag));
        }
        out.safes_.push_back(kept);
    }
    return out;
}

Result<RsaKey> KeyStore::key(std::string_view alias, std::string_view key_password) const {
    const detail::CleanErrorQueue clean;
    const std::string_view password = key_password.empty() ? password_.view() : key_password;
    if (password.size() > 1024) return fail(Errc::limit_exceeded, "key password too long");
    for (const auto& safe : safes_) {
        for (int i = 0; i < sk_PKCS12_SAFEBAG_num(safe.get()); ++i) {
            PKCS12_SAFEBAG* const bag = sk_PKCS12_SAFEBAG_value(safe.get(), i);
            if (!is_key(bag) || !(alias.empty() || iequals(alias_of(bag), alias))) continue;
            if (PKCS12_SAFEBAG_get_nid(bag) == NID_keyBag)
                return RsaKey::adopt(EVP_PKCS82PKEY(PKCS12_SAFEBAG_get0_p8inf(bag)), true);
            const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(PKCS12_decrypt_skey(
                bag, password.empty() ? "" : password.data(), static_cast<int>(password.size())
            ));
            if (!info)
                return fail(Errc::invalid_argument, "the key's password is wrong: " + std::string(alias));
            return RsaKey::adopt(EVP_PKCS82PKEY(info.get()), true);
        }
    }
    return fail(Errc::not_found, "no key '" + std::string(alias) + "' in the key store");
}

}  // namespace flotilla::crypto
