#include <ranges>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/tracing/sampler.hpp"

namespace flotilla::tracing {

const char* SkipPattern::default_pattern() noexcept {
    return R"(/actuator/.*|/v3/api-docs.*|/swagger.*|.*\.png|.*\.css|.*\.js|.*\.html|/favicon.ico|/eureka/.*heartbeat)";
}

Result<SkipPattern> SkipPattern::parse(std::string_view pattern) {
    SkipPattern out;
    std::vector<Token> tokens;
    const auto end_alternative = [&] {
        if (tokens.empty()) return;
        Alternative alternative;
        for (const Token& token : tokens) {
            if (token.kind != Token::Kind::literal || alternative.head.size() == 2) break;
            alternative.head += token.character;
        }
        for (const Token& token : tokens | std::views::reverse) {
            if (token.kind != Token::Kind::literal || alternative.tail.size() == 2) break;
            alternative.tail.insert(alternative.tail.begin(), token.character);
        }
        alternative.tokens = std::exchange(tokens, {});
        out.alternatives_.push_back(std::move(alternative));
    };
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '|') {
            end_alternative();
        } else if (c == '.') {
            const bool repeated = i + 1 < pattern.size() && pattern[i + 1] == '*';
            tokens.push_back({repeated ? Token::Kind::any_text : Token::Kind::any_character});
            if (repeated) ++i;
        } else if (c == '\\') {
            ++i;
            if (i == pattern.size() || is_ascii_alpha(pattern[i]) || is_ascii_digit(pattern[i]))
                return fail(Errc::unsupported, "skip pattern: '\\' must stand before a sign");
            tokens.push_back({Token::Kind::literal, pattern[i]});
        } else if (std::string_view("*+?()[]{}^$").contains(c)) {
            return fail(Errc::unsupported, std::string("skip pattern: '") + c + "' is not understood here");
        } else {
            tokens.push_back({Token::Kind::literal, c});
        }
    }
    end_alternative();
    return out;
}

bool SkipPattern::matches(std::string_view path) const noexcept {
    if (path.empty()) return false;
    for (const Alternative& alternative : alternatives_) {
        const std::string& head = alternative.head;
        const std::string& tail = alternative.tail;
        if (head.size() > path.size() || tail.size() > path.size()) continue;
        if (!tail.empty() && tail.back() != path.back()) continue;
        if (!head.empty() && head[0] != path[0]) continue;
        if (head.size() > 1 && head[1] != path[1]) continue;
        if (tail.size() > 1 && tail[0] != path[path.size() - 2]) continue;
        if (matches(alternative.tokens, path)) return true;
    }
    return false;
}

/// The last `.*` alone has to be remembered: what an earlier one matched need never grow.
bool SkipPattern::matches(const std::vector<Token>& tokens, std::string_view path) noexcept {
    // Most paths end otherwise: `/orders` is no `.*\.js`.
    for (std::size_t back = 1; back <= tokens.size() && back <= path.size(); ++back) {
        const Token& last = tokens[tokens.size() - back];
        if (last.kind == Token::Kind::any_text) break;
        if (last.kind == Token::Kind::literal && last.character != path[path.size() - back]) return false;
    }
    std::size_t token = 0;
    std::size_t at = 0;
    std::size_t retry_token = tokens.size();
    std::size_t retry_at = 0;
    for (;;) {
        if (token < tokens.size() && tokens[token].kind == Token::Kind::any_text) {
            retry_token = ++token;
            retry_at = at;
            if (token == tokens.size()) return true;
            continue;
        }
        const bool fits =
            token < tokens.size() && at < path.size() &&
            (tokens[token].kind == Token::Kind::any_character || tokens[token].character == path[at]);
        if (fits) {
            ++token;
            ++at;
        } else if (token == tokens.size() && at == path.size()) {
            return true;
        } else if (retry_token <= tokens.size() && retry_at < path.size() && retry_token != tokens.size()) {
            token = retry_token;
            at = ++retry_at;
        } else {
            return false;
        }
    }
}

}  // namespace flotilla::tracing
