// The inputs that the fuzzer knows, and mutations of them, in the unit run.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "../fuzz/dns_target.hpp"

namespace flotilla::registry {
namespace {

std::vector<std::string> corpus(const std::string& folder) {
    std::vector<std::string> all;
    for (const auto& entry :
         std::filesystem::directory_iterator(FLOTILLA_SOURCE_DIR "/fuzz/corpus/" + folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    std::ranges::sort(all);
    return all;
}

TEST(FuzzReplay, PassesTheCorpusAndMutationsOfIt) {
    Random random(41);
    const auto inputs = corpus("dns");
    ASSERT_GE(inputs.size(), 5u);
    for (const std::string& input : inputs) testing::answer_any(input);
    for (int round = 0; round < 5000; ++round) {
        std::string input = inputs[random.below(inputs.size())];
        for (auto edits = 1 + random.below(5); edits > 0; --edits) {
            const auto at = random.below(input.size() + 1);
            switch (random.below(3)) {
                case 0:
                    if (at < input.size()) input[at] = static_cast<char>(random());
                    break;
                case 1:
                    input.erase(at, random.below(4));
                    break;
                default:
                    input.insert(at, 1, static_cast<char>(random()));
            }
        }
        testing::answer_any(input);
    }
}

}  // namespace
}  // namespace flotilla::registry
