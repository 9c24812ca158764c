#include "flotilla/base/encoding.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"

namespace flotilla {

namespace {

TEST(Encoding, AnyBytesSurviveARoundTrip) {
    Random random(7);
    for (int i = 0; i < 500; ++i) {
        std::string bytes(random.below(70), '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
        EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
        EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    }
}

TEST(Encoding, MatchesThePublishedVectors) {
    EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
    EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
    EXPECT_EQ(to_hex("\x01\xab"), "01ab");
}

TEST(Encoding, WritesSixtyFourBitsAsSixteenDigits) {
    char text[16];
    write_hex64(0x0123'4567'89ab'cdef, text);
    EXPECT_EQ(std::string_view(text, 16), "0123456789abcdef");
    write_hex64(0, text);
    EXPECT_EQ(std::string_view(text, 16), "0000000000000000");
    write_hex64(0xf0f0'a9a9'9999'ffff, text);
    EXPECT_EQ(std::string_view(text, 16), "f0f0a9a99999ffff");
}

TEST(Encoding, RefusesMoreThanOneSpellingOfAValue) {
    EXPECT_FALSE(from_base64("Zm9vYmE"));
    EXPECT_FALSE(from_base64url("Zm9vYmE="));
    EXPECT_FALSE(from_base64url("Zm9vYmF"));  // stray bits
    EXPECT_FALSE(from_base64url("Zh"));
    EXPECT_FALSE(from_base64url("Zm9v!m9v"));
    EXPECT_FALSE(from_base64url("Zm9vZ!"));
    EXPECT_FALSE(from_base64url("Z"));
    EXPECT_FALSE(from_hex("abc"));
    EXPECT_FALSE(from_hex("zz"));
}

TEST(Utf8, KnowsWhatIsValid) {
    EXPECT_TRUE(is_valid_utf8("a한글😀"));
    for (const char* text : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff"})
        EXPECT_FALSE(is_valid_utf8(text));
    EXPECT_EQ(utf8_prefix("한글", 4), "한");
}

}  // namespace

}  // namespace flotilla
