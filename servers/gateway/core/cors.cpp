#include "flotilla/gateway/cors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/config/property_name.hpp"

namespace flotilla::gateway {

namespace {

constexpr std::array allow_names{
    std::string_view("Access-Control-Allow-Origin"),
    std::string_view("Access-Control-Allow-Methods"),
    std::string_view("Access-Control-Allow-Headers"),
    std::string_view("Access-Control-Expose-Headers"),
    std::string_view("Access-Control-Allow-Credentials"),
    std::string_view("Access-Control-Max-Age")
};

std::vector<std::string> texts_of(const Json& json) {
    std::vector<std::string> texts;
    if (const std::string* text = json.as_string())
        for (const std::string_view part : split_list(*text)) texts.emplace_back(part);
    for (const Json& element : json.elements())
        if (const std::string* text = element.as_string()) texts.push_back(*text);
    return texts;
}

bool has(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::find(list, text) != list.end();
}

std::string_view without_slash(std::string_view origin) {
    return origin.ends_with('/') ? origin.substr(0, origin.size() - 1) : origin;
}

bool is_own(const Exchange& exchange, std::string_view origin) {
    const std::string_view scheme = exchange.inbound().secure ? "https://" : "http://";
    if (!origin.starts_with(scheme)) return false;
    std::string_view host = origin.substr(scheme.size());
    std::string_view own = exchange.host();
    const std::string_view port = exchange.inbound().secure ? ":443" : ":80";
    if (host.ends_with(port)) host.remove_suffix(port.size());
    if (own.ends_with(port)) own.remove_suffix(port.size());
    return iequals(host, own);
}

}  // namespace

bool is_preflight(const Exchange& exchange) noexcept {
    const auto& fields = exchange.head().fields;
    return exchange.head().method == http::Method::options && fields.contains(http::KnownField::origin) &&
           fields.contains(http::KnownField::access_control_request_method);
}

Result<CorsRules> CorsRules::from(const Json& json) {
    CorsRules made;
    for (const auto& [key, value] : json.members()) {
        const std::string name = config::uniform_name(key);
        if (name == "allowedorigins") {
            for (const std::string& origin : texts_of(value))
                made.origins_.emplace_back(without_slash(origin));
        } else if (name == "allowedoriginpatterns") {
            made.origin_patterns_ = texts_of(value);
        } else if (name == "allowedmethods") {
            made.methods_ = texts_of(value);
        } else if (name == "allowedheaders") {
            made.headers_ = texts_of(value);
        } else if (name == "exposedheaders") {
            made.exposed_ = flotilla::join(texts_of(value), ", ");
        } else if (name == "allowcredentials") {
            made.credentials_ = value.as_bool().value_or(value.string_or("") == "true");
        } else if (name == "maxage") {
            const std::string text = value.is_string() ? *value.as_string() : value.text();
            const auto span = parse_duration(text, std::chrono::seconds(1));
            if (!span) return fail(Errc::invalid_argument, fmt::format("maxAge '{}' is no duration", text));
            made.max_age_ = std::chrono::duration_cast<std::chrono::seconds>(*span).count();
        } else {
            return fail(
                Errc::invalid_argument,
                fmt::format(
                    "'{}' is unknown; there are: allowedOrigins, allowedOriginPatterns, allowedMethods, "
                    "allowedHeaders, "
                    "exposedHeaders, allowCredentials, maxAge",
                    key
                )
            );
        }
    }
    if (made.methods_.empty()) made.methods_ = {"GET", "HEAD"};
    if (made.credentials_ && has(made.origins_, "*"))
        return fail(
            Errc::invalid_argument,
            "allowCredentials with allowedOrigins '*' lets every site act for its visitors; name the "
            "origins, or use "
            "allowedOriginPatterns"
        );
    if (!Headers::valid("X", made.exposed_))
        return fail(Errc::invalid_argument, "exposedHeaders is no list of names");
    return made;
}

bool CorsRules::allows_origin(std::string_view origin) const {
    origin = without_slash(origin);
    for (const std::string& own : origins_)
        if (own == "*" || iequals(own, origin)) return true;
    return std::ranges::any_of(origin_patterns_, [&](const std::string& pattern) {
        return glob_match(pattern, origin);
    });
}

bool CorsRules::allows_method(std::string_view method) const {
    return has(methods_, "*") || has(methods_, method);
}

void CorsRules::put_common(std::string_view origin, Answer& answer) const {
    for (const std::string_view name : allow_names) answer.headers.remove(name);
    for (const std::string_view name :
         {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"})
        answer.headers.add("Vary", name);
    if (origin.empty()) return;
    answer.headers.set("Access-Control-Allow-Origin", has(origins_, "*") && !credentials_ ? "*" : origin);
    if (credentials_) answer.headers.set("Access-Control-Allow-Credentials", "true");
    if (!exposed_.empty()) answer.headers.set("Access-Control-Expose-Headers", exposed_);
}

CorsRules::Verdict CorsRules::judge(Exchange& exchange) const {
    const auto& fields = exchange.head().fields;
    const std::string_view origin = fields.get(http::KnownField::origin);
    if (origin.empty() || is_own(exchange, origin)) return Verdict::not_cors;
    const bool preflight = is_preflight(exchange);
    const std::string_view method =
        preflight ? fields.get(http::KnownField::access_control_request_method) : exchange.method();
    const auto refuse = [&] {
        put_common({}, exchange.answer());
        exchange.respond(403);
        return Verdict::refused;
    };
    if (!allows_origin(origin) || !allows_method(method)) return refuse();
    if (!preflight) return Verdict::allowed;
    std::string allowed;
    std::size_t asked = 0;
    fields.for_each(http::KnownField::access_control_request_headers, [&](std::string_view list) {
        http::for_each_token(list, [&](std::string_view name) {
            ++asked;
            const bool known =
                has(headers_, "*") ||
                std::ranges::any_of(headers_, [&](const std::string& own) { return iequals(own, name); });
            if (known) allowed += (allowed.empty() ? "" : ", ") + std::string(name);
        });
    });
    if (asked > 0 && allowed.empty()) return refuse();
    Answer& answer = exchange.answer();
    put_common(origin, answer);
    answer.headers.set(
        "Access-Control-Allow-Methods",
        has(methods_, "*") ? std::string(method) : flotilla::join(methods_, ",")
    );
    if (!allowed.empty()) answer.headers.set("Access-Control-Allow-Headers", allowed);
    if (max_age_) answer.headers.set("Access-Control-Max-Age", fmt::format("{}", *max_age_));
    exchange.respond(200);
    return Verdict::preflight;
}

void CorsRules::decorate(Exchange& exchange, Answer& answer) const {
    const std::string_view origin = exchange.head().fields.get(http::KnownField::origin);
    put_common(origin.empty() || is_own(exchange, origin) ? std::string_view() : origin, answer);
}

Result<void> CorsTable::add(std::string_view path, const Json& json) {
    FLT_TRY(auto pattern, PathPattern::parse(path));
    auto rules = CorsRules::from(json);
    if (!rules) return fail(rules.error().within(fmt::format("globalcors of '{}'", path)));
    entries_.push_back({std::move(pattern), *std::move(rules)});
    return {};
}

const CorsRules* CorsTable::find(const Exchange& exchange) const {
    if (entries_.empty()) return nullptr;
    Arena arena;
    Variables ignored(arena);
    for (const Entry& entry : entries_)
        if (entry.pattern.match(exchange.request_path(), TrailingSlash::optional, ignored))
            return &entry.rules;
    return nullptr;
}

}  // namespace flotilla::gateway
