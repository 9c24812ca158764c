#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "flotilla/base/assert.hpp"
#include "flotilla/reflect/json.hpp"
#include "tape_builder.hpp"

namespace flotilla::reflect {

namespace {

using Parser = simdjson::dom::parser;

/// Parsers with their buffers are kept per thread: a document usually goes before the next one comes, so
/// there is mostly one. A parser that has grown large is not kept.
class ParserPool {
public:
    static std::unique_ptr<Parser> take() {
        auto& free = free_parsers();
        if (free.empty()) return std::make_unique<Parser>();
        auto parser = std::move(free.back());
        free.pop_back();
        return parser;
    }

    static void give_back(void* raw) noexcept {
        std::unique_ptr<Parser> parser(static_cast<Parser*>(raw));
        auto& free = free_parsers();
        if (parser->capacity() <= largest_kept && free.size() < free.capacity())
            free.push_back(std::move(parser));
    }

private:
    static constexpr std::size_t largest_kept = 1U << 20;
    static constexpr std::size_t most_kept = 4;

    static std::vector<std::unique_ptr<Parser>>& free_parsers() {
        static thread_local auto parsers = [] {
            std::vector<std::unique_ptr<Parser>> none;
            none.reserve(most_kept);
            return none;
        }();
        return parsers;
    }
};

/// Whether there are more values than allowed. The tape's length bounds their number, so mostly nothing is
/// counted.
bool has_too_many(const std::uint64_t* tape, std::size_t limit) {
    const std::size_t words = tape[0] & 0xFFFFFFFF;
    if (words <= limit) return false;
    std::size_t values = 0;
    for (std::size_t at = 1; at + 1 < words; ++at) {
        const auto tag = static_cast<char>(tape[at] >> 56);
        if (tag == 'l' || tag == 'u' || tag == 'd') ++at;
        if (tag != '}' && tag != ']' && ++values > limit) return true;
    }
    return false;
}

}  // namespace

Result<Document> parse_json_document(std::string_view text, const Limits& limits, const Leniency& leniency) {
    if (text.size() > limits.bytes) {
        return fail(
            Errc::limit_exceeded,
            fmt::format("the text has {} bytes, {} are allowed", text.size(), limits.bytes)
        );
    }
    if (text.empty()) return fail(Errc::malformed, "the text is empty");
    std::unique_ptr<Parser> parser = ParserPool::take();
    // simdjson grows to exactly what it is given; steps keep it from growing again and again.
    constexpr std::size_t step = 4096;
    const std::size_t capacity = (text.size() + step - 1) / step * step;
    // simdjson does not count an empty array at the bottom. With this bound it lets nothing too deep pass;
    // what it refuses at the very limit the careful parser decides.
    if (parser->capacity() < capacity || parser->max_depth() != limits.depth) {
        if (parser->allocate(std::max(capacity, parser->capacity()), limits.depth) != simdjson::SUCCESS) {
            return fail(Errc::limit_exceeded, "no memory for the document");
        }
    }
    if (parser->doc.capacity() < capacity && parser->doc.allocate(capacity) != simdjson::SUCCESS) {
        return fail(Errc::limit_exceeded, "no memory for the document");
    }
    if (parser->parse(text.data(), text.size()).error() != simdjson::SUCCESS) {
        ParserPool::give_back(parser.release());
        return detail::parse_carefully(text, limits, leniency);
    }
    const std::uint64_t* tape = parser->doc.tape.get();
    if (has_too_many(tape, limits.elements)) {
        return fail(Errc::limit_exceeded, fmt::format("more than {} values", limits.elements));
    }
    const char* strings = reinterpret_cast<const char*>(parser->doc.string_buf.get());
    return Document(Node(tape, strings, 1), parser.release(), &ParserPool::give_back);
}

Result<Json> parse_json(std::string_view text, const Limits& limits, const Leniency& leniency) {
    FLT_TRY(const Document document, parse_json_document(text, limits, leniency));
    return detail::json_of(document.root());
}

Json detail::json_of_own_text(std::string_view text) {
    // What our writer has written reads back, unless a program builds values beyond any limit.
    constexpr std::size_t unlimited = std::size_t{1} << 32;
    auto value = parse_json(text, {.depth = 1024, .bytes = unlimited, .elements = unlimited});
    FLT_ASSERT(value.has_value());
    return *std::move(value);
}

}  // namespace flotilla::reflect
