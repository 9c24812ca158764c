#include "flotilla/gateway/path_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::gateway {

namespace {

Error wrong(std::string_view text, std::string_view why) {
    return {Errc::invalid_argument, fmt::format("path pattern '{}': {}", text, why)};
}

/// Where the brace that opens at `from` closes; a regex inside may have braces of its own.
std::size_t closing(std::string_view text, std::size_t from) {
    int depth = 0;
    for (std::size_t i = from; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '{') {
            ++depth;
        } else if (text[i] == '}' && --depth == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

bool is_name(std::string_view text) {
    return !text.empty() && !is_ascii_digit(text.front()) && std::ranges::all_of(text, [](char c) {
        return is_ascii_alpha(c) || is_ascii_digit(c) || c == '_' || c == '-';
    });
}

/// The text between slashes, except those inside braces.
std::vector<std::string_view> cut(std::string_view text) {
    std::vector<std::string_view> parts;
    text.remove_prefix(1);
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && text[i] == '{') {
            const std::size_t end = closing(text, i);
            if (end == std::string_view::npos) continue;
            i = end;
        } else if (i == text.size() || text[i] == '/') {
            parts.push_back(text.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    return parts;
}

}  // namespace

Result<PathPattern> PathPattern::parse(std::string_view text) {
    PathPattern made;
    // As Spring does: a pattern without a leading slash gets one.
    made.text_ = text.starts_with('/') ? std::string(text) : "/" + std::string(text);
    const auto parts = cut(made.text_);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto segment = parse_segment(parts[i], i + 1 == parts.size());
        if (!segment) return fail(wrong(text, segment.error().message()));
        for (const std::string& name : segment->names)
            for (const Segment& former : made.segments_)
                if (std::ranges::find(former.names, name) != former.names.end())
                    return fail(wrong(text, fmt::format("'{}' is captured twice", name)));
        made.segments_.push_back(*std::move(segment));
    }
    return made;
}

Result<PathPattern::Segment> PathPattern::parse_segment(std::string_view text, bool last) {
    using Kind = Segment::Kind;
    if (text == "**" || text.starts_with("{*")) {
        if (!last) return fail(Errc::unsupported, fmt::format("nothing may follow '{}'", text));
        if (text == "**") return Segment{.kind = Kind::rest, .text = {}};
        const std::string_view name = text.substr(2, text.size() - 3);
        if (!text.ends_with('}') || !is_name(name))
            return fail(Errc::malformed, fmt::format("'{}' is no {{*name}}", text));
        return Segment{.kind = Kind::rest, .text = {}, .names = {std::string(name)}};
    }
    if (text == "*") return Segment{.kind = Kind::any, .text = {}};
    if (text.find('{') == std::string_view::npos) {
        if (text.find('}') != std::string_view::npos) return fail(Errc::malformed, "'}' without '{'");
        const bool plain = text.find_first_of("*?") == std::string_view::npos;
        // In Spring `**` amid a segment is the same as `*`.
        return Segment{.kind = plain ? Kind::literal : Kind::wildcard, .text = std::string(text)};
    }
    return parse_mixed(text);
}

Result<PathPattern::Segment> PathPattern::parse_mixed(std::string_view text) {
    Segment segment;
    std::string regex;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '*' || text[i] == '?') {
            regex += text[i] == '*' ? "(?:.*)" : "(?:.)";
        } else if (text[i] == '{') {
            const std::size_t end = closing(text, i);
            if (end == std::string_view::npos) return fail(Errc::malformed, "'{' without '}'");
            const std::string_view inner = text.substr(i + 1, end - i - 1);
            const std::size_t colon = inner.find(':');
            const std::string_view name = inner.substr(0, colon);
            if (!is_name(name))
                return fail(Errc::malformed, fmt::format("'{}' is no name of a variable", name));
            if (i == 0 && end + 1 == text.size() && colon == std::string_view::npos)
                return Segment{.kind = Segment::Kind::variable, .text = {}, .names = {std::string(name)}};
            const std::string_view own = colon == std::string_view::npos ? ".*" : inner.substr(colon + 1);
            FLT_TRY(const TextPattern alone, TextPattern::compile(own));
            regex += fmt::format("(?<v{}>{})", segment.names.size(), own);
            segment.names.emplace_back(name);
            i = end;
        } else {
            if (std::string_view(R"(\.^$|()[]+}{)").find(text[i]) != std::string_view::npos) regex += '\\';
            regex += text[i];
        }
    }
    segment.kind = Segment::Kind::regex;
    FLT_TRY(auto compiled, TextPattern::compile("^(?:" + regex + ")$"));
    for (std::size_t i = 0; i < segment.names.size(); ++i) {
        FLT_TRY(auto group, Replacement::compile(compiled, fmt::format("${{v{}}}", i)));
        segment.groups.push_back(std::move(group));
    }
    segment.regex.push_back(std::move(compiled));
    return segment;
}

bool PathPattern::match_segment(const Segment& segment, std::string_view text, Variables& variables) {
    switch (segment.kind) {
        case Segment::Kind::literal:
            return segment.text == text;
        case Segment::Kind::any:
            return !text.empty();
        case Segment::Kind::variable:
            if (text.empty()) return false;
            variables.set(segment.names.front(), text);
            return true;
        case Segment::Kind::wildcard:
            return !text.empty() && glob_match(segment.text, text);
        case Segment::Kind::regex:
            if (text.empty() || !segment.regex.front().matches(text)) return false;
            for (std::size_t i = 0; i < segment.names.size(); ++i)
                variables.set_copy(segment.names[i], segment.groups[i].apply(text).value_or(""));
            return true;
        case Segment::Kind::rest:
            break;
    }
    return false;
}

bool PathPattern::match(const RequestPath& path, TrailingSlash slash, Variables& variables) const {
    const auto segments = path.segments();
    std::size_t at = 0;
    for (const Segment& segment : segments_) {
        if (segment.kind == Segment::Kind::rest) {
            if (segment.names.empty()) return true;
            std::string rest;
            for (; at < segments.size(); ++at) rest.append("/").append(segments[at]);
            variables.set_copy(segment.names.front(), rest);
            return true;
        }
        if (at == segments.size() || !match_segment(segment, segments[at], variables)) return false;
        ++at;
    }
    if (at == segments.size()) return true;
    return slash == TrailingSlash::optional && at + 1 == segments.size() && segments[at].empty() && at > 0 &&
           !segments[at - 1].empty();
}

std::size_t PathPattern::literal_segments() const noexcept {
    std::size_t count = 0;
    while (count < segments_.size() && segments_[count].kind == Segment::Kind::literal) ++count;
    return count;
}

bool PathPattern::covers(const PathPattern& other) const noexcept {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        const Segment& own = segments_[i];
        if (own.kind == Segment::Kind::rest) return true;
        if (i >= other.segments_.size()) return false;
        const Segment& theirs = other.segments_[i];
        if (theirs.kind == Segment::Kind::rest) return false;
        const bool anything = own.kind == Segment::Kind::any || own.kind == Segment::Kind::variable;
        const bool same =
            own.kind == Segment::Kind::literal && theirs.kind == own.kind && own.text == theirs.text;
        if (!same && !(anything && !(theirs.kind == Segment::Kind::literal && theirs.text.empty())))
            return false;
    }
    return segments_.size() == other.segments_.size();
}

}  // namespace flotilla::gateway
