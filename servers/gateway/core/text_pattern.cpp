#include "flotilla/gateway/text_pattern.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::gateway {

namespace {

constexpr std::int64_t compiled_bytes = 1 << 20;
constexpr std::size_t longest_pattern = 4096;

re2::StringPiece piece_of(std::string_view text) {
    return {text.data(), text.size()};
}

Error refused(std::string_view pattern, std::string_view why) {
    return {Errc::unsupported, fmt::format("regular expression '{}': {}", pattern, why)};
}

/// Java's syntax as RE2's, where they differ in spelling alone; an error where they differ in meaning.
class Translation {
public:
    explicit Translation(std::string_view java) : java_(java) {}

    Result<std::string> run() {
        while (at_ < java_.size()) FLT_CHECK(step());
        return std::move(out_);
    }

private:
    [[nodiscard]] bool sees(std::string_view text) const { return java_.substr(at_).starts_with(text); }

    void copy(std::size_t count) {
        out_ += java_.substr(at_, count);
        at_ += std::min(count, java_.size() - at_);
    }

    Result<void> step() {
        if (quoted_) {
            if (sees("\\E")) quoted_ = false;
            copy(quoted_ ? 1 : 2);
            return {};
        }
        if (java_[at_] == '\\') return escape();
        if (set_depth_ > 0) return in_set();
        if (java_[at_] == '[') {
            ++set_depth_;
            copy(sees("[^]") ? 3 : (sees("[]") || sees("[^") ? 2 : 1));
            quantified_ = false;
            return {};
        }
        if (sees("(?=") || sees("(?!") || sees("(?<=") || sees("(?<!") || sees("(?>"))
            return fail(refused(java_, "look-around and atomic groups are not supported"));
        if (sees("(?<")) {
            out_ += "(?P<";
            at_ += 3;
            return {};
        }
        return other();
    }

    Result<void> escape() {
        if (at_ + 1 >= java_.size()) return fail(refused(java_, "it ends in a backslash"));
        const char c = java_[at_ + 1];
        if ((c >= '1' && c <= '9') || c == 'k')
            return fail(refused(java_, "back references are not supported"));
        if (c == 'Q') quoted_ = true;
        copy(2);
        quantified_ = false;
        return {};
    }

    Result<void> in_set() {
        if (sees("&&")) return fail(refused(java_, "'&&' in a character class is not supported"));
        if (java_[at_] == '[' && !sees("[:"))
            return fail(refused(java_, "a character class inside another is not supported; write '\\['"));
        if (sees("[:")) {
            const std::size_t end = java_.find(":]", at_);
            if (end == std::string_view::npos) return fail(refused(java_, "'[:' without ':]'"));
            copy(end + 2 - at_);
            return {};
        }
        if (java_[at_] == ']') set_depth_ = 0;
        copy(1);
        return {};
    }

    Result<void> other() {
        const char c = java_[at_];
        const bool quantifier = c == '*' || c == '+' || c == '?' || c == '}';
        if (c == '+' && quantified_) return fail(refused(java_, "possessive quantifiers are not supported"));
        quantified_ = quantifier;
        copy(1);
        return {};
    }

    std::string_view java_;
    std::string out_;
    std::size_t at_ = 0;
    int set_depth_ = 0;
    bool quoted_ = false;
    bool quantified_ = false;  // what stands before is a quantifier
};

}  // namespace

TextPattern::TextPattern(std::string text, std::shared_ptr<const re2::RE2> compiled)
    : text_(std::move(text)), compiled_(std::move(compiled)) {}

Result<TextPattern> TextPattern::compile(std::string_view java) {
    if (java.size() > longest_pattern)
        return fail(refused(java.substr(0, 40), "it is longer than 4096 bytes"));
    FLT_TRY(const std::string translated, Translation(java).run());
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(compiled_bytes);
    auto compiled = std::make_shared<const re2::RE2>(piece_of(translated), options);
    if (!compiled->ok()) return fail(refused(java, compiled->error()));
    return TextPattern(std::string(java), std::move(compiled));
}

bool TextPattern::matches(std::string_view text) const {
    return compiled_->Match(piece_of(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

Result<Replacement> Replacement::compile(const TextPattern& pattern, std::string_view java) {
    Replacement made(pattern);
    made.text_ = replace_all(std::string(java), "$\\", "$");
    const std::string_view text = made.text_;
    const auto bad = [&](std::string_view why) {
        return fail(Errc::invalid_argument, fmt::format("replacement '{}': {}", text, why));
    };
    const auto literal = [&made](char c) {
        if (made.pieces_.empty() || made.pieces_.back().group >= 0) made.pieces_.emplace_back();
        made.pieces_.back().literal.push_back(c);
    };
    const int groups = pattern.compiled_->NumberOfCapturingGroups();
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\') {
            if (++at == text.size()) return bad("it ends in a backslash");
            literal(text[at]);
            continue;
        }
        if (text[at] != '$') {
            literal(text[at]);
            continue;
        }
        if (++at == text.size()) return bad("it ends in a dollar; write '\\$'");
        if (text[at] == '{') {
            const std::size_t end = text.find('}', at);
            if (end == std::string_view::npos) return bad("'${' without '}'");
            const std::string name(text.substr(at + 1, end - at - 1));
            const auto& names = pattern.compiled_->NamedCapturingGroups();
            const auto found = names.find(name);
            if (found == names.end()) return bad(fmt::format("'{}' has no group '{}'", pattern.text(), name));
            made.pieces_.push_back({.literal = {}, .group = found->second});
            at = end;
            continue;
        }
        if (!is_ascii_digit(text[at])) return bad("a dollar names no group; write '\\$'");
        int group = text[at] - '0';
        if (group > groups) return bad(fmt::format("'{}' has no group {}", pattern.text(), group));
        // As many digits as still name a group, as Java reads them.
        while (at + 1 < text.size() && is_ascii_digit(text[at + 1]) &&
               group * 10 + (text[at + 1] - '0') <= groups) {
            group = group * 10 + (text[++at] - '0');
        }
        made.pieces_.push_back({.literal = {}, .group = group});
    }
    return made;
}

std::optional<std::string> Replacement::apply(std::string_view text) const {
    const re2::RE2& pattern = *pattern_.compiled_;
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(pattern.NumberOfCapturingGroups()) + 1);
    std::string out;
    std::size_t copied = 0;
    bool any = false;
    for (std::size_t from = 0; from <= text.size();) {
        if (!pattern.Match(
                piece_of(text),
                from,
                text.size(),
                re2::RE2::UNANCHORED,
                groups.data(),
                static_cast<int>(groups.size())
            ))
            break;
        any = true;
        const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
        const std::size_t end = begin + groups[0].size();
        out += text.substr(copied, begin - copied);
        for (const Piece& piece : pieces_) {
            if (piece.group < 0) {
                out += piece.literal;
            } else if (const auto& group = groups[static_cast<std::size_t>(piece.group)]; group.data()) {
                out.append(group.data(), group.size());
            }
        }
        copied = end;
        from = end == begin ? end + 1 : end;
    }
    if (!any) return std::nullopt;
    out += text.substr(std::min(copied, text.size()));
    return out;
}

}  // namespace flotilla::gateway
