// The filters of the course: the token check, and three that log.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/http/status.hpp"

namespace flotilla::gateway {

namespace {

constexpr std::string_view user_header = "X-User-Id";

/// The token of `Bearer <token>`; nothing for any other shape.
std::optional<std::string_view> bearer_token(std::string_view field) {
    constexpr std::string_view scheme = "Bearer ";
    if (!istarts_with(field, scheme)) return std::nullopt;
    field.remove_prefix(scheme.size());
    const std::string_view token = trim(field);
    if (token.empty() || token.find_first_of(" \t,") != std::string_view::npos) return std::nullopt;
    return token;
}

bool is_admin(const Json& claims) {
    const auto names_admin = [](std::string_view role) {
        return iequals(role, "admin") || iequals(role, "ROLE_ADMIN");
    };
    for (const std::string_view name : {"role", "roles", "authorities"}) {
        const Json* claim = claims.find(name);
        if (!claim) continue;
        if (names_admin(claim->string_or(""))) return true;
        for (const Json& one : claim->elements())
            if (names_admin(one.string_or(""))) return true;
    }
    return false;
}

/// Lets requests with a valid token pass and tells services whose it is. Neither the header nor the token is
/// ever logged.
class AuthorizationHeaderFilter final : public Filter {
public:
    AuthorizationHeaderFilter(std::shared_ptr<const TokenCheck> check, std::optional<ValueTemplate> subject)
        : check_(std::move(check)), subject_(std::move(subject)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const auto& fields = exchange.head().fields;
        if (fields.count(http::KnownField::authorization) != 1) return refuse(exchange);
        const auto token = bearer_token(fields.get(http::KnownField::authorization));
        if (!token) return refuse(exchange);
        const auto verified = check_->passed->verify(*check_->verifier, *token);
        if (!verified) return refuse(exchange);
        const std::string_view subject = verified->subject();
        if (subject.empty() || !exchange.headers().set(user_header, subject)) return refuse(exchange);
        exchange.principal = exchange.arena().keep(subject);
        exchange.claims = {verified, &verified->claims};
        if (!subject_ || is_admin(verified->claims)) return Next::go_on;
        const auto wanted = subject_->expand(exchange);
        return wanted && *wanted == exchange.principal ? Next::go_on : exchange.respond(403);
    }

    [[nodiscard]] std::string text() const override {
        return subject_ ? fmt::format("AuthorizationHeaderFilter subject = '{}'", subject_->text())
                        : "AuthorizationHeaderFilter";
    }

private:
    Next refuse(Exchange& exchange) const {
        exchange.headers().remove(user_header);
        exchange.answer().headers.set("WWW-Authenticate", R"(Bearer error="invalid_token")");
        return exchange.respond(401, check_->refusal);
    }

    std::shared_ptr<const TokenCheck> check_;
    std::optional<ValueTemplate> subject_;
};

/// What the three say, in the course's words.
struct Words {
    std::string_view base;
    bool with_peer;
    std::string_view pre;
    std::string_view post;
    bool innermost;
};

class LogFilter final : public Filter {
public:
    LogFilter(std::string name, const Words& words, log::Logger log, std::string message, bool pre, bool post)
        : name_(std::move(name)),
          words_(words),
          log_(std::move(log)),
          message_(std::move(message)),
          pre_(pre),
          post_(post) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        if (!words_.base.empty()) {
            if (words_.with_peer) {
                log_.info("{}: {}, /{}", words_.base, message_, exchange.inbound().peer.text());
            } else {
                log_.info("{}: {}", words_.base, message_);
            }
        }
        if (pre_) log_.info("{}: request id -> {}", words_.pre, exchange.inbound().id);
        return Next::go_on;
    }

    void after(Exchange&, Answer& answer) const override {
        if (!post_) return;
        const std::string_view phrase = http::reason_phrase(answer.status());
        log_.info(
            "{}: response code -> {}{}{}", words_.post, answer.status(), phrase.empty() ? "" : " ", phrase
        );
    }

    [[nodiscard]] std::optional<std::int32_t> order() const override {
        if (!words_.innermost) return std::nullopt;
        return std::numeric_limits<std::int32_t>::max();
    }

    [[nodiscard]] std::string text() const override { return name_; }

private:
    std::string name_;
    Words words_;
    log::Logger log_;
    std::string message_;
    bool pre_;
    bool post_;
};

void add_log_filter(Components& to, std::string name, const Words& words, bool by_default) {
    ArgumentNames names{
        .order = {"baseMessage", "preLogger", "postLogger"},
        .optional = {"baseMessage", "preLogger", "postLogger"}
    };
    to.filter(
        name,
        std::move(names),
        [name, words, by_default](const Arguments& args, const FilterScope& scope) -> Result<FilterPtr> {
            FLT_TRY(const bool pre, args.flag("preLogger", by_default));
            FLT_TRY(const bool post, args.flag("postLogger", by_default));
            return std::make_shared<LogFilter>(
                name, words, scope.means.log, args.text("baseMessage"), pre, post
            );
        }
    );
}

}  // namespace

void detail::add_course_filters(Components& to) {
    to.filter(
        "AuthorizationHeaderFilter",
        {.order = {"subject"}, .optional = {"subject"}},
        [](const Arguments& args, const FilterScope& scope) -> Result<FilterPtr> {
            if (!scope.means.tokens)
                return fail(
                    Errc::invalid_argument, "it needs token.secret, the key that tokens are signed with"
                );
            std::optional<ValueTemplate> subject;
            if (args.has("subject")) {
                FLT_TRY(subject, ValueTemplate::compile(args.text("subject")));
            }
            return std::make_shared<AuthorizationHeaderFilter>(scope.means.tokens, std::move(subject));
        }
    );
    add_log_filter(
        to,
        "GlobalFilter",
        {"Global Filter baseMessage", true, "Global Filter Start", "Global Filter End", false},
        false
    );
    add_log_filter(
        to,
        "LoggingFilter",
        {"Logging Filter baseMessage", false, "Logging PRE Filter", "Logging POST Filter", true},
        false
    );
    add_log_filter(to, "CustomFilter", {"", false, "Custom PRE filter", "Custom POST filter", false}, true);
}

}  // namespace flotilla::gateway
