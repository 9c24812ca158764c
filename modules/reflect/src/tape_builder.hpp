#pragma once
/// Writes a tape: what YAML, forms, Json values and the careful JSON parser turn their input into.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/reflect/tape.hpp"

namespace flotilla::reflect::detail {

class TapeBuilder {
public:
    TapeBuilder() { words_.push_back(0); }

    void null() { word('n', 0); }

    void boolean(bool value) { word(value ? 't' : 'f', 0); }

    void integer(std::int64_t value) {
        word('l', 0);
        words_.push_back(static_cast<std::uint64_t>(value));
    }

    void unsigned_integer(std::uint64_t value) {
        word('u', 0);
        words_.push_back(value);
    }

    void number(double value) {
        word('d', 0);
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        words_.push_back(bits);
    }

    void string(std::string_view text) { add_text('"', text); }

    void plain(std::string_view text) { add_text('p', text); }

    /// Between begin and end: elements, or keys (strings) and values in turn.
    [[nodiscard]] std::size_t begin(char bracket) {
        word(bracket, 0);
        return words_.size() - 1;
    }

    void end(std::size_t begun, std::size_t count) {
        const auto bracket = static_cast<char>(words_[begun] >> 56);
        word(bracket == '{' ? '}' : ']', begun);
        const std::uint64_t shown = count < 0xFFFFFF ? count : 0xFFFFFF;
        words_[begun] |= shown << 32 | words_.size();
    }

    void value(const Json& json);

    /// The root is the value that was written first.
    [[nodiscard]] Document finish() &&;

private:
    void word(char tag, std::uint64_t payload) {
        words_.push_back(static_cast<std::uint64_t>(static_cast<unsigned char>(tag)) << 56 | payload);
    }

    void add_text(char tag, std::string_view text) {
        word(tag, strings_.size());
        const auto length = static_cast<std::uint32_t>(text.size());
        char bytes[sizeof length];
        std::memcpy(bytes, &length, sizeof length);
        strings_.append(bytes, sizeof bytes);
        strings_.append(text);
    }

    std::vector<std::uint64_t> words_;
    std::string strings_;
};

/// A tape as a dynamic value. Plain text takes the kind that YAML gives it.
Json json_of(const Node& node);

/// JSON text by a parser of our own: slower than simdjson, but it tells line and column, reads integers
/// beyond 64 bits as doubles, and finds where the first value ends. Used when simdjson has refused a text.
Result<Document> parse_carefully(std::string_view text, const Limits& limits, const Leniency& leniency);

}  // namespace flotilla::reflect::detail
