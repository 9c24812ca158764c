// The seeds of the fuzz targets, and what fuzzing has found, run as ordinary tests.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../fuzz/form_target.hpp"
#include "../fuzz/json_target.hpp"
#include "../fuzz/yaml_target.hpp"

namespace flotilla::reflect {
namespace {

std::size_t replay(const std::string& name, void (*run)(std::string_view)) {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(FLOTILLA_SOURCE_DIR "/fuzz/corpus/" + name)) {
        std::ifstream file(entry.path(), std::ios::binary);
        std::ostringstream content;
        content << file.rdbuf();
        const std::string text = content.str();
        run(text);
        // Every beginning of an input is an input too.
        for (std::size_t size = 0; size < text.size(); ++size) run(std::string_view(text).substr(0, size));
        ++count;
    }
    return count;
}

TEST(Corpus, OfJsonRunsCleanly) {
    EXPECT_GE(replay("json", fuzz_json), 3U);
}

TEST(Corpus, OfYamlRunsCleanly) {
    EXPECT_GE(replay("yaml", fuzz_yaml), 3U);
}

TEST(Corpus, OfFormsRunsCleanly) {
    EXPECT_GE(replay("form", fuzz_form), 3U);
}

}  // namespace
}  // namespace flotilla::reflect
