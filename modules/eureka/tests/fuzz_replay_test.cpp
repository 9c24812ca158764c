// The inputs that the fuzzers know, and mutations of them, in the unit run.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "../fuzz/eureka_json_target.hpp"
#include "../fuzz/eureka_xml_target.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::eureka {
namespace {

struct Target {
    const char* folder;
    void (*read)(std::string_view);
};

constexpr Target targets[] = {{"eureka_json", testing::read_json}, {"eureka_xml", testing::read_xml}};

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
    for (const Target& target : targets) {
        const auto inputs = corpus(target.folder);
        ASSERT_GE(inputs.size(), 5u) << target.folder;
        for (const std::string& input : inputs) target.read(input);
        for (int round = 0; round < 3000; ++round) {
            std::string input = inputs[random.below(inputs.size())];
            for (auto edits = 1 + random.below(5); edits > 0; --edits) {
                const auto at = random.below(input.size() + 1);
                switch (random.below(3)) {
                    case 0:
                        input.insert(at, 1, static_cast<char>(random()));
                        break;
                    case 1:
                        input.erase(at, random.below(4));
                        break;
                    default: {
                        const std::string& other = inputs[random.below(inputs.size())];
                        input.insert(at, other.substr(random.below(other.size() + 1), random.below(30)));
                    }
                }
            }
            target.read(input);
        }
    }
}

}  // namespace
}  // namespace flotilla::eureka
