#pragma once
/// Reads a text exposition back, strictly, for tests.

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/text.hpp"

namespace flotilla::metrics {

struct ReadSample {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
    std::string value_text;
    std::string exemplar;  ///< what follows ` # `
};

inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        EXPECT_NE(end, text.npos) << "the last line does not end";
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return lines;
}

inline std::optional<ReadSample> read_sample(std::string_view line) {
    ReadSample sample;
    std::size_t at = line.find_first_of("{ ");
    if (at == line.npos) return std::nullopt;
    sample.name = line.substr(0, at);
    if (line[at] == '{') {
        ++at;
        while (line[at] != '}') {
            const std::size_t equals = line.find("=\"", at);
            if (equals == line.npos) return std::nullopt;
            std::string value;
            std::size_t i = equals + 2;
            for (; i < line.size() && line[i] != '"'; ++i) {
                if (line[i] == '\\') {
                    ++i;
                    value += line[i] == 'n' ? '\n' : line[i];
                } else {
                    value += line[i];
                }
            }
            if (!sample.labels.emplace(std::string(line.substr(at, equals - at)), value).second)
                return std::nullopt;
            at = i + 1;
            if (line[at] == ',') ++at;
        }
        ++at;
    }
    if (line[at] != ' ') return std::nullopt;
    std::string_view rest = line.substr(at + 1);
    if (const std::size_t hash = rest.find(" # "); hash != rest.npos) {
        sample.exemplar = rest.substr(hash + 3);
        rest = rest.substr(0, hash);
    }
    sample.value_text = rest;
    if (rest == "+Inf" || rest == "-Inf" || rest == "NaN") return sample;
    const auto value = parse_double(rest);
    if (!value) return std::nullopt;
    sample.value = *value;
    return sample;
}

/// All samples; fails the test for a line that is none, and for a family that comes twice.
inline std::vector<ReadSample> read_samples(std::string_view text) {
    std::vector<ReadSample> samples;
    std::set<std::string> families;
    for (const std::string& line : lines_of(text)) {
        if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(families.insert(line).second) << line;
            continue;
        }
        if (line.starts_with("# ")) continue;
        auto sample = read_sample(line);
        EXPECT_TRUE(sample) << line;
        if (sample) samples.push_back(*sample);
    }
    return samples;
}

/// The value of the first sample whose line starts with `start`, as text; empty when there is none.
inline std::string value_after(std::string_view text, std::string_view start) {
    for (const std::string& line : lines_of(text)) {
        if (line.starts_with(start) && line.size() > start.size() && line[start.size()] == ' ')
            return line.substr(start.size() + 1);
    }
    return {};
}

}  // namespace flotilla::metrics
