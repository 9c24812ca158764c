/// The inputs that the fuzz target has found interesting, once more.

#include <gtest/gtest.h>

#include "../fuzz/jwt_target.hpp"
#include "corpus.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::crypto {

namespace {

using test_support::corpus;

TEST(JwtFuzz, TheCorpusIsReadSafely) {
    const auto inputs = corpus("jwt");
    EXPECT_GE(inputs.size(), 8U);
    for (const std::string& input : inputs) read_untrusted(input);
}

TEST(JwtFuzz, SoIsTheCorpusWithBytesChanged) {
    Random random(43);
    for (const std::string& input : corpus("jwt")) {
        for (int i = 0; i < 50; ++i) {
            std::string changed = input.substr(0, random.below(input.size() + 1));
            for (int k = 0; k < 3 && !changed.empty(); ++k)
                changed[random.below(changed.size())] = "{}\".:,1eA-_=\n\xff"[random.below(14)];
            read_untrusted(changed);
        }
    }
}

}  // namespace

}  // namespace flotilla::crypto
