#include "flotilla/crypto/text_cipher.hpp"

#include <gtest/gtest.h>

#include "aes.hpp"
#include "flotilla/base/encoding.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/crypto/digest.hpp"
#include "test_keys.hpp"

namespace flotilla::crypto {

namespace {

constexpr std::string_view spring_key = "abcdefghijklmnopqrstuvwxyz0123456789";

// All three were made by Spring with the test key; each holds 1234.
constexpr std::string_view default_vector =
    "AICrsPR94vdSJVOIyE3IEMuVi7rv+KgvG0ew7pjh1LHa9kXyE0fnvQ6Wc61wa14A4Ei5/LzaXwSND9AgljXem4z2NF"
    "I9VsZpvk2tUXhbi+pwq+ROst17lFLPPNmS8tr/E5u7BwCC7AwNtBu1e7q30ve77t+RrBua5ZYcfOfOv6v2wRAREhMU"
    "FRYXGBkaGxwdHh9WrBTI3bjBm7ex4tJrI8c9";
constexpr std::string_view strong_vector =
    "AIAc/vvud6Cr0OJruBfvUBEJYBz/+Ll1sldirOppuI7W/ygWmsRWDAOtuZM7e+5GTGjgozu8SvOxabzktDvtJY5hcT"
    "h0VjA5pHhnufXHcjXwZdmLtvLWVVGtgBsZS+pCdmdmtoBCRiKIVA1et6Psb9oj0XezFFSuIAEVl94q54RsrRAREhMU"
    "FRYXGBkaGxwdHh8RQCIKpgP3rzuDI810kdMPpwlN8w==";
constexpr std::string_view oaep_vector =
    "AICHrF/9dZAaIsMg+C5jTX34zGgwq6G+huBv9CcGKE3OMfB9WFqfyzaqtm7JMKG/9tlUNwNecxE6AATBmPTXBXk9wy"
    "zojxlSuoKnWrMKeA5pPDHkFbyR0YMX0wheGTiVFhgSvwBU+pl1ZTfcXOYp6jOJUYiFRHsMwktv+elPfppFvhAREhMU"
    "FRYXGBkaGxwdHh9WrBTI3bjBm7ex4tJrI8c9";

TEST(SymmetricCipher, ReadsWhatSpringWrites) {
    const auto cipher = *make_symmetric_cipher(spring_key);
    EXPECT_EQ(cipher->decrypt("0c7649b1698b8df8337716a26eafba4a90499ea5df3eff8d8492abfe0fff978a"), "1234");
    EXPECT_EQ(cipher->decrypt("0C7649B1698B8DF8337716A26EAFBA4A90499EA5DF3EFF8D8492ABFE0FFF978A"), "1234");
    EXPECT_EQ(cipher->decrypt("000102030405060708090a0b0c0d0e0f32c61c11feddc6f9c2ed2c1ec19d03b8"), "");
    EXPECT_EQ(
        cipher->decrypt(
            "000102030405060708090a0b0c0d0e0fb44e8ac3248d10b49d6a3ee362f0598f4f9bc0cf8242dca4db6d5a06d074ac"
            "5e"
        ),
        "비밀번호 p@ss"
    );
}

TEST(SymmetricCipher, DerivesTheKeyAndWritesTheBlocksThatSpringDoes) {
    const auto key = pbkdf2(Hash::sha1, spring_key, "\xde\xad\xbe\xef", 1024, 32);
    EXPECT_EQ(to_hex(key->view()), "9a03f3316b70595cd3ff0b4e82abd9b497a5b66428c678918a872565154729b6");
    const std::string iv = *from_hex("000102030405060708090a0b0c0d0e0f");
    EXPECT_EQ(
        to_hex(*detail::aes_encrypt(detail::AesMode::cbc, key->view(), iv, "비밀번호 p@ss")),
        "000102030405060708090a0b0c0d0e0fb44e8ac3248d10b49d6a3ee362f0598f4f9bc0cf8242dca4db6d5a06d074ac5e"
    );
}

TEST(SymmetricCipher, EncryptsTheSameTextDifferentlyEachTime) {
    const auto cipher = *make_symmetric_cipher("key", "0badcafe");
    const auto first = cipher->encrypt("1234");
    const auto second = cipher->encrypt("1234");
    EXPECT_EQ(first->size(), 64U);
    EXPECT_NE(first, second);
    EXPECT_EQ(cipher->decrypt(*first), "1234");
    EXPECT_EQ(cipher->decrypt(*second), "1234");
    EXPECT_FALSE(cipher->public_key_text());
}

TEST(SymmetricCipher, AnyTextSurvivesARoundTrip) {
    Random random(17);
    const auto cipher = *make_symmetric_cipher("key");
    for (int i = 0; i < 100; ++i) {
        std::string text(random.below(100), '\0');
        for (char& c : text) c = static_cast<char>(random());
        EXPECT_EQ(cipher->decrypt(*cipher->encrypt(text)), text);
    }
}

TEST(SymmetricCipher, GivesOneErrorForWhateverIsWrong) {
    const auto cipher = *make_symmetric_cipher(spring_key);
    for (const std::string text :
         {"",
          "zz",
          "00ff",
          "0",
          "000102030405060708090a0b0c0d0e0f",
          "000102030405060708090a0b0c0d0e0f00",
          "0c7649b1698b8df8337716a26eafba4a90499ea5df3eff8d8492abfe0fff978b",
          "0c7649b1698b8df8337716a26eafba4a90499ea5df3eff8d8492abfe0fff978a ",
          "{cipher}00"}) {
        const auto plain = cipher->decrypt(text);
        ASSERT_FALSE(plain) << text;
        EXPECT_EQ(plain.error().message(), "Text not encrypted with this key");
    }
}

TEST(SymmetricCipher, RefusesAKeyOrSaltThatIsNone) {
    EXPECT_FALSE(make_symmetric_cipher("", "deadbeef"));
    EXPECT_FALSE(make_symmetric_cipher("key", "salty"));
    EXPECT_FALSE(make_symmetric_cipher("key", ""));
}

TEST(RsaCipher, ReadsWhatSpringWritesWithEachSettingAndOnlyThat) {
    const RsaKey key = *RsaKey::from_pem(test_key_pem());
    const auto normal = make_rsa_cipher(key);
    const auto strong = make_rsa_cipher(key, {.strong = true});
    const auto oaep = make_rsa_cipher(key, {.padding = RsaPadding::oaep});
    EXPECT_EQ(normal->decrypt(default_vector), "1234");
    EXPECT_EQ(strong->decrypt(strong_vector), "1234");
    EXPECT_EQ(oaep->decrypt(oaep_vector), "1234");
    EXPECT_FALSE(normal->decrypt(strong_vector));
    EXPECT_FALSE(normal->decrypt(oaep_vector));
    EXPECT_FALSE(strong->decrypt(default_vector));
    EXPECT_FALSE(oaep->decrypt(default_vector));
}

TEST(RsaCipher, ReadsBackWhatItWrites) {
    const RsaKey key = *RsaKey::generate();
    for (const RsaPadding padding : {RsaPadding::pkcs1, RsaPadding::oaep}) {
        for (const bool strong : {false, true}) {
            for (const char* salt : {"deadbeef", "no hex at all"}) {
                const auto cipher =
                    make_rsa_cipher(key, {.padding = padding, .strong = strong, .salt = salt});
                const auto text = cipher->encrypt("비밀번호");
                ASSERT_TRUE(text);
                EXPECT_TRUE(text->starts_with("AQ"));
                EXPECT_EQ(cipher->decrypt(*text), "비밀번호");
            }
        }
    }
}

TEST(RsaCipher, APublicKeyOnlyEncrypts) {
    const RsaKey key = *RsaKey::generate();
    const auto sender = make_rsa_cipher(key.public_half());
    EXPECT_FALSE(sender->can_decrypt());
    const auto text = sender->encrypt("1234");
    EXPECT_EQ(sender->decrypt(*text).error().code(), Errc::unsupported);
    EXPECT_EQ(make_rsa_cipher(key)->decrypt(*text), "1234");
    EXPECT_TRUE(sender->public_key_text()->starts_with("ssh-rsa AAAAB3NzaC1yc2E"));
}

TEST(RsaCipher, RefusesTextThatIsCutOrChanged) {
    const auto cipher = make_rsa_cipher(*RsaKey::from_pem(test_key_pem()), {.strong = true});
    const std::string whole(strong_vector);
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(cipher->decrypt(whole.substr(0, length))) << length;
    Random random(5);
    std::string blob = *from_base64(whole);
    for (int i = 0; i < 50; ++i) {
        std::string changed = blob;
        changed[random.below(changed.size())] ^= static_cast<char>(1 + random.below(255));
        EXPECT_FALSE(cipher->decrypt(to_base64(changed)));
    }
}

TEST(CipherForKey, KnowsWhatAConfiguredKeyIs) {
    EXPECT_EQ((*make_cipher_for_key(test_key_pem()))->decrypt(default_vector), "1234");
    EXPECT_TRUE((*make_cipher_for_key("plain secret"))->encrypt("x"));
    EXPECT_FALSE(make_cipher_for_key("ssh-rsa AAAA application"));
    EXPECT_FALSE(make_cipher_for_key((*RsaKey::from_pem(test_key_pem())).public_pem()));
    EXPECT_FALSE(make_cipher_for_key("-----BEGIN RSA PRIVATE KEY-----\nrubbish"));
}

TEST(Prefixes, AreTakenFromTheFront) {
    const PrefixedText two = split_prefixes("{key:k1}{secret:s}AQ==");
    EXPECT_EQ(two.find("key"), "k1");
    EXPECT_EQ(two.find("secret"), "s");
    EXPECT_EQ(two.find("name"), "");
    EXPECT_EQ(two.text, "AQ==");
    EXPECT_EQ(two.prefix_text(), "{key:k1}{secret:s}");
    EXPECT_EQ(split_prefixes("0c76").text, "0c76");
    EXPECT_EQ(split_prefixes("{key:a:b}x").find("key"), "a:b");
    EXPECT_EQ(split_prefixes("{open").text, "{open");
}

TEST(Prefixes, PlainEndsThem) {
    const PrefixedText plain = split_prefixes("{key:k1}{plain}{key:k2}x");
    EXPECT_EQ(plain.prefix_text(), "{key:k1}");
    EXPECT_EQ(plain.text, "{key:k2}x");
}

TEST(Prefixes, ANameWithoutAValueStaysInTheText) {
    const PrefixedText odd = split_prefixes("{x}y");
    EXPECT_EQ(odd.prefix_text(), "{x:}");
    EXPECT_EQ(odd.text, "{x}y");
}

}  // namespace

}  // namespace flotilla::crypto
