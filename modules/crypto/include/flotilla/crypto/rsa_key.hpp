#pragma once
/// RSA keys, out of PEM text or a PKCS#12 key store.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/crypto/secret_bytes.hpp"

struct evp_pkey_st;
struct stack_st_PKCS12_SAFEBAG;

namespace flotilla::crypto {

/// A private or public RSA key. Immutable; copies share it; safe on any thread.
class RsaKey {
public:
    /// `RSA PRIVATE KEY`, `PRIVATE KEY`, `ENCRYPTED PRIVATE KEY` (with its passphrase), `PUBLIC KEY`, `RSA
    /// PUBLIC KEY` or `CERTIFICATE`. Text around the armour is ignored; the first key counts.
    static Result<RsaKey> from_pem(std::string_view pem, std::string_view passphrase = {});
    /// A public key from its big-endian modulus and exponent, as a JWK has them.
    static Result<RsaKey> from_modulus(std::string_view modulus, std::string_view exponent);
    /// A new private key of 2048 to 8192 bits.
    static Result<RsaKey> generate(unsigned bits = 2048);

    [[nodiscard]] bool is_private() const noexcept { return private_; }

    [[nodiscard]] std::size_t modulus_bytes() const noexcept;
    [[nodiscard]] std::size_t modulus_bits() const noexcept;
    /// `ssh-rsa AAAA… application`
    [[nodiscard]] std::string ssh_public_text(std::string_view comment = "application") const;
    /// `-----BEGIN PUBLIC KEY-----…`
    [[nodiscard]] std::string public_pem() const;
    /// The same key without its private half.
    [[nodiscard]] RsaKey public_half() const;

    /// For the sources of this module.
    [[nodiscard]] evp_pkey_st* native() const noexcept { return key_.get(); }

private:
    friend class KeyStore;

    RsaKey(evp_pkey_st* owned, bool is_private);

    /// Takes the key over; an error when it is no RSA key.
    static Result<RsaKey> adopt(evp_pkey_st* owned, bool is_private);

    std::shared_ptr<evp_pkey_st> key_;
    bool private_;
};

/// The private keys of a PKCS#12 key store (`keytool -storetype PKCS12`). JKS is to be converted with
/// keytool.
class KeyStore {
public:
    /// An error when the bytes are no key store or the password is not its own.
    static Result<KeyStore> from_pkcs12(std::string_view bytes, std::string_view password);

    /// In the order of the file.
    [[nodiscard]] const std::vector<std::string>& aliases() const noexcept { return aliases_; }

    /// The key of that alias, in any case; an empty alias is the first key. `key_password` where it differs
    /// from the store's.
    [[nodiscard]] Result<RsaKey> key(std::string_view alias, std::string_view key_password = {}) const;

private:
    KeyStore() = default;

    std::vector<std::string> aliases_;
    std::vector<std::shared_ptr<const stack_st_PKCS12_SAFEBAG>> safes_;
    SecretBytes password_;
};

}  // namespace flotilla::crypto
