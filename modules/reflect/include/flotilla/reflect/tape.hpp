#pragma once
/// A parsed document, whatever its format was: a flat tape of 64-bit words that templates walk without a
/// call.
///
/// The layout is the one that simdjson documents: the tag in the top byte, below it an index (end of an array
/// or object, start of a string); numbers have a second word. One tag is ours: `p`, plain text whose kind is
/// for the reader to tell (a YAML scalar without quotes).

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/options.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::reflect {

/// One value on a tape. A view: its Document must outlive it.
class Node {
public:
    Node(const std::uint64_t* tape, const char* strings, std::size_t at) noexcept
        : tape_(tape), strings_(strings), word_(tape + at) {}

    /// `{ [ " p l u d t f n`: object, array, string, plain text, int64, uint64, double, true, false, null.
    [[nodiscard]] char tag() const noexcept { return static_cast<char>(*word_ >> 56); }

    [[nodiscard]] bool is_null() const noexcept { return tag() == 'n'; }

    [[nodiscard]] bool is_text() const noexcept { return tag() == '"' || tag() == 'p'; }

    [[nodiscard]] std::string_view text() const noexcept {
        const char* start = strings_ + (*word_ & payload_mask);
        std::uint32_t length = 0;
        std::memcpy(&length, start, sizeof length);
        return {start + sizeof length, length};
    }

    [[nodiscard]] std::int64_t int64() const noexcept { return static_cast<std::int64_t>(word_[1]); }

    [[nodiscard]] std::uint64_t uint64() const noexcept { return word_[1]; }

    [[nodiscard]] double number() const noexcept {
        double value = 0;
        std::memcpy(&value, word_ + 1, sizeof value);
        return value;
    }

    /// Elements or members; never too large, but it stops counting at 16 million.
    [[nodiscard]] std::size_t size() const noexcept { return (*word_ >> 32) & 0xFFFFFF; }

    // Walks of arrays and objects: `for (Node n = array.first(); !n.at_end(); n = n.next())`; in an object
    // keys and values take turns.
    [[nodiscard]] Node first() const noexcept { return {*this, word_ + 1}; }

    [[nodiscard]] bool at_end() const noexcept { return tag() == '}' || tag() == ']'; }

    [[nodiscard]] Node next() const noexcept {
        switch (tag()) {
            case '{':
            case '[':
                return {*this, tape_ + (*word_ & 0xFFFFFFFF)};
            case 'l':
            case 'u':
            case 'd':
                return {*this, word_ + 2};
            default:
                return {*this, word_ + 1};
        }
    }

private:
    static constexpr std::uint64_t payload_mask = (std::uint64_t{1} << 56) - 1;

    Node(const Node& other, const std::uint64_t* word) noexcept
        : tape_(other.tape_), strings_(other.strings_), word_(word) {}

    const std::uint64_t* tape_;
    const char* strings_;
    const std::uint64_t* word_;
};

/// Owns a tape.
class Document {
public:
    /// `release` is given `owner` at the end.
    using Release = void (*)(void*) noexcept;

    Document(Node root, void* owner, Release release) noexcept : root_(root), owner_(owner, release) {}

    [[nodiscard]] Node root() const noexcept { return root_; }

private:
    Node root_;
    std::unique_ptr<void, Release> owner_;
};

Result<Document> parse_json_document(
    std::string_view text, const Limits& limits = {}, const Leniency& leniency = {}
);
Document document_of(const Json& value);

}  // namespace flotilla::reflect
