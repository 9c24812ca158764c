#include "flotilla/gateway/value_template.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/gateway/exchange.hpp"
#include "flotilla/http/percent.hpp"

namespace flotilla::gateway {

namespace {

/// Text that does not fit into a header is written as `?`, as Java's Latin-1 encoder does: of each UTF-8
/// character beyond U+00FF one, of U+0080 to U+00FF the octet itself.
void append_latin1(std::string& out, std::string_view utf8) {
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto octet = static_cast<unsigned char>(utf8[i]);
        if (octet < 0x80) {
            out.push_back(utf8[i]);
            continue;
        }
        const bool two = (octet == 0xc2 || octet == 0xc3) && i + 1 < utf8.size();
        if (two) {
            out.push_back(
                static_cast<char>((octet & 0x03) << 6 | (static_cast<unsigned char>(utf8[i + 1]) & 0x3f))
            );
        } else if ((octet & 0xc0) != 0x80) {
            out.push_back('?');
        }
        if (two) ++i;
    }
}

}  // namespace

Result<ValueTemplate> ValueTemplate::compile(std::string_view text) {
    ValueTemplate made;
    made.text_ = text;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t open = text.find('{', at);
        if (open == std::string_view::npos) break;
        const std::size_t close = text.find('}', open);
        if (close == std::string_view::npos)
            return fail(Errc::invalid_argument, fmt::format("'{}': '{{' without '}}'", text));
        if (open > at) made.pieces_.push_back({std::string(text.substr(at, open - at)), false});
        made.pieces_.push_back({std::string(text.substr(open + 1, close - open - 1)), true});
        at = close + 1;
    }
    if (!made.pieces_.empty() && at < text.size())
        made.pieces_.push_back({std::string(text.substr(at)), false});
    return made;
}

std::optional<std::string_view> ValueTemplate::expand(Exchange& exchange) const {
    if (pieces_.empty()) return text_;
    std::string out;
    for (const Piece& piece : pieces_) {
        if (!piece.variable) {
            out += piece.text;
            continue;
        }
        const auto value = exchange.variables().find(piece.text);
        if (!value) return std::nullopt;
        const bool harmful =
            std::ranges::any_of(*value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
        if (harmful) return std::nullopt;
        append_latin1(out, *value);
    }
    return exchange.arena().keep(out);
}

std::optional<std::string_view> ValueTemplate::expand_path(Exchange& exchange) const {
    const auto append = [](std::string& out, std::string_view text) {
        while (true) {
            const std::size_t slash = text.find('/');
            out += http::percent_encode(text.substr(0, slash), http::EscapeFor::segment);
            if (slash == std::string_view::npos) return;
            out += '/';
            text.remove_prefix(slash + 1);
        }
    };
    std::string out;
    if (pieces_.empty()) append(out, text_);
    for (const Piece& piece : pieces_) {
        const auto value = piece.variable ? exchange.variables().find(piece.text)
                                          : std::optional<std::string_view>(piece.text);
        if (!value) return std::nullopt;
        append(out, *value);
    }
    return exchange.arena().keep(out);
}

}  // namespace flotilla::gateway
