#include "flotilla/http/gzip.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"

namespace flotilla::http {
namespace {

std::string random_text(Random& random, std::size_t size, unsigned letters) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>('a' + random.below(letters));
    return text;
}

TEST(Gzip, GivesBackWhatItGot) {
    Random random(17);
    for (const std::size_t size : {0uz, 1uz, 100uz, 5000uz, 300'000uz}) {
        for (const unsigned letters : {1u, 4u, 200u}) {
            const std::string text = random_text(random, size, letters);
            EXPECT_EQ(*gunzip(gzip(text)), text) << size << " of " << letters;
        }
    }
}

TEST(Gzip, CompressesInPiecesAndCanBeReadAfterAFlush) {
    Random random(18);
    GzipCompressor compressor;
    GzipDecompressor decompressor;
    for (int stream = 0; stream < 3; ++stream) {
        std::string expected;
        std::string received;
        for (int round = 0; round < 50; ++round) {
            const std::string piece = random_text(random, random.below(3000), 20);
            expected += piece;
            std::string wire;
            compressor.write(piece, wire);
            compressor.flush(wire);
            std::string_view rest = wire;
            while (!rest.empty()) ASSERT_TRUE(decompressor.read(rest, received));
            ASSERT_EQ(received, expected);
        }
        EXPECT_FALSE(decompressor.finish());
        std::string end;
        compressor.finish(end);
        std::string_view rest = end;
        ASSERT_TRUE(decompressor.read(rest, received));
        EXPECT_TRUE(decompressor.finish());
        compressor.reset();
        decompressor.reset();
    }
}

TEST(Gzip, IsReadByteByByteAndInSmallPortions) {
    const std::string text = "hello hello hello hello, fleet of small ships";
    const std::string wire = gzip(text);
    GzipDecompressor decompressor;
    std::string out;
    for (const char& c : wire) {
        std::string_view rest(&c, 1);
        std::size_t before = 0;
        do {
            before = out.size();
            ASSERT_TRUE(decompressor.read(rest, out, 3));
            EXPECT_LE(out.size() - before, 3u);
        } while (!rest.empty() || out.size() > before);
    }
    EXPECT_TRUE(decompressor.finish());
    EXPECT_EQ(out, text);
}

TEST(Gzip, ReadsSeveralMembers) {
    EXPECT_EQ(*gunzip(gzip("one ") + gzip("two")), "one two");
}

TEST(Gzip, RefusesWhatIsNoGzip) {
    const std::string good = gzip("hello");
    EXPECT_FALSE(gunzip(""));
    EXPECT_FALSE(gunzip("hello"));
    EXPECT_FALSE(gunzip(good + "x"));
    std::string broken = good;
    broken[broken.size() - 6] = static_cast<char>(broken[broken.size() - 6] ^ 1);
    EXPECT_FALSE(gunzip(broken));
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto result = gunzip(good.substr(0, size));
        ASSERT_FALSE(result) << size;
        EXPECT_EQ(result.error().code(), make_error_code(Errc::malformed));
    }
}

TEST(Gzip, StopsAtBombs) {
    const std::string zeros = gzip(std::string(4 * 1024 * 1024, '\0'));
    const auto bomb = gunzip(zeros);
    ASSERT_FALSE(bomb);
    EXPECT_EQ(bomb.error().code(), make_error_code(Errc::limit_exceeded));
    EXPECT_TRUE(gunzip(zeros, {.max_ratio = 2000}));
    EXPECT_FALSE(gunzip(zeros, {.max_output = 1024 * 1024, .max_ratio = 2000}));
    EXPECT_TRUE(gunzip(gzip(std::string(512 * 1024, '\0'))));
}

}  // namespace
}  // namespace flotilla::http
