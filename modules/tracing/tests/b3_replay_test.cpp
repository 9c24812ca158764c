/// The inputs that the fuzz target has found interesting, once more.

#include <gtest/gtest.h>

#include "../fuzz/b3_target.hpp"
#include "corpus.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::tracing {

namespace {

using test_support::corpus;

TEST(B3Fuzz, TheCorpusIsReadSafely) {
    const auto inputs = corpus("b3");
    EXPECT_GE(inputs.size(), 8U);
    for (const std::string& input : inputs) read_trace_headers(input);
}

TEST(B3Fuzz, SoIsTheCorpusWithBytesChanged) {
    Random random(42);
    for (const std::string& input : corpus("b3")) {
        for (int i = 0; i < 300; ++i) {
            std::string changed = input.substr(0, random.below(input.size() + 1));
            for (int k = 0; k < 3 && !changed.empty(); ++k)
                changed[random.below(changed.size())] = "0af-=,;%:d1\nzA"[random.below(14)];
            read_trace_headers(changed);
        }
    }
}

}  // namespace

}  // namespace flotilla::tracing
