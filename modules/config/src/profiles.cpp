#include "flotilla/config/profiles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::config {

namespace {

/// expression := term ('&' term)* | term ('|' term)*;  term := '!' term | '(' expression ')' | name
class ExpressionParser {
public:
    ExpressionParser(std::string_view text, const std::vector<std::string>& active)
        : text_(text), active_(active) {}

    Result<bool> parse() {
        const bool value = expression(0);
        skip_blanks();
        if (!wrong_.empty() || at_ < text_.size()) {
            return fail(
                Errc::malformed,
                fmt::format(
                    "malformed profile expression '{}'{}{}", text_, wrong_.empty() ? "" : ": ", wrong_
                )
            );
        }
        return value;
    }

private:
    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    }

    char peek() {
        skip_blanks();
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    bool expression(int depth) {
        bool value = term(depth);
        char used = '\0';
        while (peek() == '&' || peek() == '|') {
            const char operation = text_[at_++];
            if (used != '\0' && used != operation) wrong_ = "'&' and '|' together need parentheses";
            used = operation;
            const bool next = term(depth);
            value = operation == '&' ? value && next : value || next;
        }
        return value;
    }

    bool term(int depth) {
        if (depth > 32) {
            wrong_ = "nested too deep";
            at_ = text_.size();
            return false;
        }
        if (peek() == '!') {
            ++at_;
            return !term(depth + 1);
        }
        if (peek() == '(') {
            ++at_;
            const bool value = expression(depth + 1);
            if (peek() == ')') {
                ++at_;
            } else {
                wrong_ = "a ')' is missing";
            }
            return value;
        }
        const std::size_t end = std::min(text_.find_first_of("&|!() \t", at_), text_.size());
        if (end == at_) wrong_ = "a profile is missing";
        const std::string_view name = text_.substr(at_, end - at_);
        at_ = end;
        return std::ranges::find(active_, name) != active_.end();
    }

    std::string_view text_;
    const std::vector<std::string>& active_;
    std::size_t at_ = 0;
    std::string wrong_;
};

}  // namespace

Result<bool> profiles_match(std::string_view expression, const std::vector<std::string>& active) {
    bool any = false;
    const auto alternatives = split_list(expression);
    for (const std::string_view alternative : alternatives) {
        FLT_TRY(const bool holds, ExpressionParser(alternative, active).parse());
        any = any || holds;
    }
    return any || alternatives.empty();
}

std::vector<std::string> expand_profiles(
    const std::vector<std::string>& profiles, const std::map<std::string, std::vector<std::string>>& groups
) {
    std::vector<std::string> expanded;
    std::vector<std::string> waiting(profiles.rbegin(), profiles.rend());
    while (!waiting.empty()) {
        const std::string profile = std::move(waiting.back());
        waiting.pop_back();
        if (std::ranges::find(expanded, profile) != expanded.end()) continue;
        expanded.push_back(profile);
        if (const auto group = groups.find(profile); group != groups.end()) {
            waiting.insert(waiting.end(), group->second.rbegin(), group->second.rend());
        }
    }
    return expanded;
}

}  // namespace flotilla::config
