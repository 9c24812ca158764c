#pragma once
// The inputs that a module's fuzzers know, for its unit tests.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "flotilla/base/random.hpp"

namespace flotilla::test_support {

/// Those in `fuzz/corpus/<name>` of the module, in the same order everywhere.
inline std::vector<std::string> corpus(const std::string& name) {
    std::vector<std::string> all;
    for (const auto& entry :
         std::filesystem::directory_iterator(FLOTILLA_SOURCE_DIR "/fuzz/corpus/" + name)) {
        std::ifstream file(entry.path(), std::ios::binary);
        all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    std::ranges::sort(all);
    return all;
}

/// One of them after a few edits: bytes put in, changed or left out, pieces of others put in.
inline std::string mutation_of(const std::vector<std::string>& inputs, Random& random) {
    std::string input = inputs[random.below(inputs.size())];
    for (auto edits = 1 + random.below(5); edits > 0; --edits) {
        const auto at = random.below(input.size() + 1);
        switch (random.below(4)) {
            case 0:
                input.insert(at, 1, static_cast<char>(random()));
                break;
            case 1:
                input.erase(at, random.below(4));
                break;
            case 2:
                if (at < input.size()) input[at] = static_cast<char>(random());
                break;
            default: {
                const std::string& other = inputs[random.below(inputs.size())];
                input.insert(at, other.substr(random.below(other.size() + 1), random.below(30)));
            }
        }
    }
    return input;
}

}  // namespace flotilla::test_support
