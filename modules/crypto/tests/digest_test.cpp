#include "flotilla/crypto/digest.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/encoding.hpp"

namespace flotilla::crypto {

namespace {

TEST(Digest, MatchesThePublishedVectors) {
    EXPECT_EQ(hex_digest(Hash::md5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hex_digest(Hash::sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(
        hex_digest(Hash::sha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    EXPECT_EQ(
        hex_digest(Hash::sha256, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    EXPECT_EQ(
        hex_digest(Hash::sha384, "abc"),
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
    );
    EXPECT_EQ(
        hex_digest(Hash::sha512, "abc"),
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d"
        "4423643ce"
        "80e2a9ac94fa54ca49f"
    );
}

TEST(Hmac, MatchesRfc4231) {
    EXPECT_EQ(
        to_hex(hmac(Hash::sha256, "Jefe", "what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    EXPECT_EQ(
        to_hex(hmac(Hash::sha256, "", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    );
}

TEST(Pbkdf2, MatchesRfc6070) {
    const auto derive =
        [](std::string_view password, std::string_view salt, std::uint32_t rounds, std::size_t n) {
            return to_hex(pbkdf2(Hash::sha1, password, salt, rounds, n)->view());
        };
    EXPECT_EQ(derive("password", "salt", 1, 20), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    EXPECT_EQ(derive("password", "salt", 2, 20), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
    EXPECT_EQ(derive("password", "salt", 4096, 20), "4b007901b765489abead49d926f721d065a429c1");
    EXPECT_EQ(
        derive("passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 25),
        "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"
    );
    EXPECT_EQ(
        derive(std::string_view("pass\0word", 9), std::string_view("sa\0lt", 5), 4096, 16),
        "56fa6aa75548099dcc37d7f03425e0c3"
    );
}

TEST(Pbkdf2, RefusesNoRoundsAndNoBytes) {
    EXPECT_FALSE(pbkdf2(Hash::sha1, "p", "s", 0, 20));
    EXPECT_FALSE(pbkdf2(Hash::sha1, "p", "s", 1, 0));
    EXPECT_TRUE(pbkdf2(Hash::sha1, "", "", 1, 20));
}

TEST(ConstantTime, ComparesBytes) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST(RandomBytes, DoNotRepeat) {
    EXPECT_EQ(random_bytes(0), "");
    EXPECT_EQ(random_bytes(32).size(), 32U);
    EXPECT_NE(random_bytes(32), random_bytes(32));
}

TEST(SecretBytes, MoveAndCopyOnDemand) {
    SecretBytes a("key");
    SecretBytes b = std::move(a);
    EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is the point
    EXPECT_EQ(b.view(), "key");
    const SecretBytes c = b.copy();
    b = SecretBytes("other");
    EXPECT_EQ(c.view(), "key");
    std::string text = "password";
    wipe(text);
    EXPECT_EQ(text, "");
}

}  // namespace

}  // namespace flotilla::crypto
