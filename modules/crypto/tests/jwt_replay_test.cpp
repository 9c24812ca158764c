/// The inputs that the fuzz target has found interesting, once more.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "../fuzz/jwt_target.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::crypto {

namespace {

std::vector<std::string> corpus() {
    std::vector<std::string> inputs;
    for (const auto& entry : std::filesystem::directory_iterator(FLOTILLA_SOURCE_DIR "/fuzz/corpus/jwt")) {
        std::ifstream file(entry.path(), std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return inputs;
}

TEST(JwtFuzz, TheCorpusIsReadSafely) {
    const auto inputs = corpus();
    EXPECT_GE(inputs.size(), 8U);
    for (const std::string& input : inputs) read_untrusted(input);
}

TEST(JwtFuzz, SoIsTheCorpusWithBytesChanged) {
    Random random(43);
    for (const std::string& input : corpus()) {
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
