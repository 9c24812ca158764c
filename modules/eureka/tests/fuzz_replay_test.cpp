// The inputs that the fuzzers know, and mutations of them, in the unit run.

#include <gtest/gtest.h>

#include "../fuzz/eureka_json_target.hpp"
#include "../fuzz/eureka_xml_target.hpp"
#include "corpus.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::eureka {
namespace {

using test_support::corpus;
using test_support::mutation_of;

struct Target {
    const char* folder;
    void (*read)(std::string_view);
};

constexpr Target targets[] = {{"eureka_json", testing::read_json}, {"eureka_xml", testing::read_xml}};

TEST(FuzzReplay, PassesTheCorpusAndMutationsOfIt) {
    Random random(41);
    for (const Target& target : targets) {
        const auto inputs = corpus(target.folder);
        ASSERT_GE(inputs.size(), 5u) << target.folder;
        for (const std::string& input : inputs) target.read(input);
        for (int round = 0; round < 3000; ++round) target.read(mutation_of(inputs, random));
    }
}

}  // namespace
}  // namespace flotilla::eureka
