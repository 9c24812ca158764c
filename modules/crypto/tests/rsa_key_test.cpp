#include "flotilla/crypto/rsa_key.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/crypto/text_cipher.hpp"
#include "test_keys.hpp"

namespace flotilla::crypto {

namespace {

std::string file(const char* name) {
    std::ifstream in(std::string(FLOTILLA_SOURCE_DIR "/tests/data/") + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(RsaKey, WritesItsPublicHalfAsSshDoes) {
    const RsaKey key = *RsaKey::from_pem(test_key_pem());
    const std::string text = key.ssh_public_text();
    EXPECT_TRUE(text.starts_with("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCzfWg7")) << text;
    EXPECT_TRUE(text.ends_with(" application"));
    EXPECT_EQ(key.modulus_bytes(), 128U);
    EXPECT_EQ(key.modulus_bits(), 1024U);
}

TEST(RsaKey, IsReadFromEachKindOfArmour) {
    const RsaKey key = *RsaKey::from_pem(test_key_pem());
    EXPECT_TRUE(key.is_private());
    const auto public_key = RsaKey::from_pem("a line before\n" + key.public_pem());
    ASSERT_TRUE(public_key);
    EXPECT_FALSE(public_key->is_private());
    EXPECT_EQ(public_key->ssh_public_text(), key.ssh_public_text());
    EXPECT_FALSE(key.public_half().is_private());

    constexpr std::string_view pkcs1_public =
        "-----BEGIN RSA PUBLIC KEY-----\n"
        "MIGJAoGBALN9aDvJ9gBMfgAhpA7nokNpcYeANAkGD/WltqNQt8rVsuiGJ1/2dFB3\n"
        "ZbA1GJLhQcTamG93JANmOXYBXKBCSK0D6YMaZZwuIqwkXxyTPaMY5vVyJiXyVET/\n"
        "j2wdO6pVeCErMbMIYRv9mwxOVMwQL8BdRsiGPd5RtXGq9krYD3hpAgMBAAE=\n"
        "-----END RSA PUBLIC KEY-----\n";
    const auto pkcs1 = RsaKey::from_pem(pkcs1_public);
    ASSERT_TRUE(pkcs1) << pkcs1.error().message();
    EXPECT_EQ(pkcs1->ssh_public_text(), key.ssh_public_text());
}

TEST(RsaKey, RefusesWhatIsNone) {
    constexpr std::string_view elliptic =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBBO/wnzRu4XMNP0JcIyrmEK95Re\n"
        "kL5KFnANXDW7DrnDpOp0/QqcR8qdjOohW+Z1wflUGAAR5yUPoVTSHfSqxg==\n"
        "-----END PUBLIC KEY-----\n";
    EXPECT_EQ(RsaKey::from_pem(elliptic).error().code(), Errc::unsupported);
    EXPECT_FALSE(RsaKey::from_pem(""));
    EXPECT_FALSE(RsaKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    EXPECT_FALSE(RsaKey::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    EXPECT_FALSE(RsaKey::from_pem(std::string(2U << 20, 'x')));
    EXPECT_FALSE(RsaKey::from_modulus("", "\x03"));
    EXPECT_FALSE(RsaKey::from_modulus("\x01\x02", "\x03"));
    EXPECT_FALSE(RsaKey::generate(1024));
}

TEST(RsaKey, AnEncryptedKeyNeedsItsPassphrase) {
    // openssl genrsa -traditional -aes128 -passout pass:letmein 1024, for tests only
    const std::string pem = file("encrypted_key.pem");
    EXPECT_FALSE(RsaKey::from_pem(pem)) << "and nobody is asked on the terminal";
    EXPECT_FALSE(RsaKey::from_pem(pem, "wrong"));
    EXPECT_TRUE(RsaKey::from_pem(pem, "letmein"));
}

TEST(KeyStore, GivesKeysByTheirAlias) {
    const auto store = KeyStore::from_pkcs12(file("keystore.p12"), "letmein");
    ASSERT_TRUE(store) << store.error().message();
    EXPECT_EQ(store->aliases(), (std::vector<std::string>{"k1", "k2", "ec"}));
    const auto first = store->key("K1");
    const auto second = store->key("k2");
    ASSERT_TRUE(first);
    ASSERT_TRUE(second);
    EXPECT_NE(first->ssh_public_text(), second->ssh_public_text());
    EXPECT_EQ(store->key("")->ssh_public_text(), first->ssh_public_text());
    EXPECT_EQ(store->key("k3").error().code(), Errc::not_found);
    EXPECT_EQ(store->key("ec").error().code(), Errc::unsupported);
    EXPECT_FALSE(store->key("k1", "wrong"));
    EXPECT_TRUE(store->key("k1", "letmein"));

    const auto cipher = make_rsa_cipher(*first, {.strong = true});
    EXPECT_EQ(cipher->decrypt(*cipher->encrypt("1234")), "1234");
}

TEST(KeyStore, CertificatesUnderAnOldCipherDoNotHideTheKey) {
    const auto store = KeyStore::from_pkcs12(file("legacy.p12"), "letmein");
    ASSERT_TRUE(store) << store.error().message();
    EXPECT_TRUE(store->key("legacy"));
}

TEST(KeyStore, RefusesAWrongPasswordAndDamage) {
    const std::string bytes = file("keystore.p12");
    EXPECT_FALSE(KeyStore::from_pkcs12(bytes, "wrong"));
    EXPECT_FALSE(KeyStore::from_pkcs12(bytes, ""));
    EXPECT_FALSE(KeyStore::from_pkcs12("", "letmein"));
    EXPECT_FALSE(KeyStore::from_pkcs12("\xfe\xed\xfe\xed a JKS store", "letmein"));
    Random random(9);
    for (int i = 0; i < 40; ++i) {
        std::string damaged = bytes.substr(0, i % 2 == 0 ? random.below(bytes.size()) : bytes.size());
        if (!damaged.empty()) damaged[random.below(damaged.size())] ^= static_cast<char>(0x55);
        const auto store = KeyStore::from_pkcs12(damaged, "letmein");
        if (store) static_cast<void>(store->key("k1"));
    }
}

}  // namespace

}  // namespace flotilla::crypto
