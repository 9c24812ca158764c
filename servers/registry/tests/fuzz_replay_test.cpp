// The inputs that the fuzzer knows, and mutations of them, in the unit run.

#include <gtest/gtest.h>

#include "../fuzz/dns_target.hpp"
#include "corpus.hpp"

namespace flotilla::registry {
namespace {

using test_support::corpus;
using test_support::mutation_of;

TEST(FuzzReplay, PassesTheCorpusAndMutationsOfIt) {
    Random random(41);
    const auto inputs = corpus("dns");
    ASSERT_GE(inputs.size(), 5u);
    for (const std::string& input : inputs) testing::answer_any(input);
    for (int round = 0; round < 5000; ++round) testing::answer_any(mutation_of(inputs, random));
}

}  // namespace
}  // namespace flotilla::registry
