#include "flotilla/resilience/errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::resilience {

namespace {

class ResilienceCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "resilience"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<ResilienceErrc>(value)) {
            case ResilienceErrc::call_not_permitted:
                return "call not permitted by the circuit breaker";
            case ResilienceErrc::bulkhead_full:
                return "bulkhead is full";
            case ResilienceErrc::request_not_permitted:
                return "request not permitted by the rate limiter";
            case ResilienceErrc::time_limit_exceeded:
                return "time limit exceeded";
            case ResilienceErrc::retries_exhausted:
                return "retries exhausted";
            case ResilienceErrc::concurrency_limit_exceeded:
                return "concurrency limit exceeded";
            case ResilienceErrc::load_shed:
                return "load shed";
            case ResilienceErrc::no_fallback:
                return "No fallback available.";
            case ResilienceErrc::illegal_transition:
                return "illegal state transition";
        }
        return "unknown error";
    }
};

struct NamedCode {
    std::string_view name;
    std::string_view category;
    int code;
};

constexpr NamedCode base(std::string_view name, Errc code) {
    return {name, "flotilla", static_cast<int>(code)};
}

constexpr NamedCode own(std::string_view name, ResilienceErrc code) {
    return {name, "resilience", static_cast<int>(code)};
}

constexpr std::array named_codes{
    base("invalid_argument", Errc::invalid_argument),
    base("malformed", Errc::malformed),
    base("not_found", Errc::not_found),
    base("conflict", Errc::conflict),
    base("limit_exceeded", Errc::limit_exceeded),
    base("timed_out", Errc::timed_out),
    base("cancelled", Errc::cancelled),
    base("refused", Errc::refused),
    base("closed", Errc::closed),
    base("unavailable", Errc::unavailable),
    base("unsupported", Errc::unsupported),
    base("io", Errc::io),
    base("internal", Errc::internal),
    own("call_not_permitted", ResilienceErrc::call_not_permitted),
    own("bulkhead_full", ResilienceErrc::bulkhead_full),
    own("request_not_permitted", ResilienceErrc::request_not_permitted),
    own("time_limit_exceeded", ResilienceErrc::time_limit_exceeded),
    own("retries_exhausted", ResilienceErrc::retries_exhausted),
    own("concurrency_limit_exceeded", ResilienceErrc::concurrency_limit_exceeded),
    own("load_shed", ResilienceErrc::load_shed),
};

/// What a Java class in a configuration file means here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 24> java_names{{
    {"java.lang.Throwable", "*"},
    {"java.lang.Exception", "*"},
    {"java.lang.RuntimeException", "*"},
    {"Throwable", "*"},
    {"Exception", "*"},
    {"java.io.IOException", "io, refused, closed, unavailable, timed_out"},
    {"java.io.UncheckedIOException", "io, refused, closed, unavailable, timed_out"},
    {"java.net.ConnectException", "refused"},
    {"java.net.SocketException", "io, closed, refused"},
    {"java.net.SocketTimeoutException", "timed_out"},
    {"java.util.concurrent.TimeoutException", "timed_out, time_limit_exceeded"},
    {"java.util.concurrent.CancellationException", "cancelled"},
    {"java.lang.IllegalArgumentException", "invalid_argument"},
    {"io.github.resilience4j.circuitbreaker.CallNotPermittedException", "call_not_permitted"},
    {"io.github.resilience4j.bulkhead.BulkheadFullException", "bulkhead_full"},
    {"io.github.resilience4j.ratelimiter.RequestNotPermitted", "request_not_permitted"},
    {"feign.FeignException", "http"},
    {"feign.FeignException.FeignClientException", "http.4xx"},
    {"feign.FeignException.FeignServerException", "http.5xx"},
    {"feign.FeignException.NotFound", "http.404"},
    {"feign.RetryableException", "io, refused, closed, timed_out"},
    {"org.springframework.web.client.HttpClientErrorException", "http.4xx"},
    {"org.springframework.web.client.HttpServerErrorException", "http.5xx"},
    {"org.springframework.web.client.ResourceAccessException", "io, refused, closed, timed_out"},
}};

}  // namespace

const std::error_category& resilience_category() noexcept {
    static const ResilienceCategory category;
    return category;
}

std::error_code make_error_code(ResilienceErrc code) noexcept {
    return {static_cast<int>(code), resilience_category()};
}

bool is_local_refusal(const Error& error) noexcept {
    if (error.code().category() != resilience_category()) return false;
    const auto code = static_cast<ResilienceErrc>(error.code().value());
    return code != ResilienceErrc::time_limit_exceeded && code != ResilienceErrc::retries_exhausted;
}

std::string name_of(const Error& error) {
    const std::string_view category = error.code().category().name();
    for (const NamedCode& known : named_codes) {
        if (known.category == category && known.code == error.code().value()) return std::string(known.name);
    }
    return std::string(category) + "." + std::to_string(error.code().value());
}

Result<ErrorMatcher> ErrorMatcher::of(const std::vector<std::string>& names) {
    ErrorMatcher matcher;
    for (const std::string& name : names) {
        if (!add(trim(name), matcher.patterns_)) {
            return fail(Errc::invalid_argument, "no error is called '" + name + "'");
        }
    }
    return matcher;
}

bool ErrorMatcher::add(std::string_view name, std::vector<Pattern>& patterns) {
    if (name.empty()) return false;
    if (name == "*") {
        patterns.push_back({});
        return true;
    }
    std::string java(name);
    std::replace(java.begin(), java.end(), '$', '.');
    for (const auto& [alias, meaning] : java_names) {
        if (alias != java) continue;
        for (const std::string_view part : split_list(meaning)) add(part, patterns);
        return true;
    }
    const std::size_t dot = name.rfind('.');
    std::string category = dot == name.npos ? std::string() : std::string(name.substr(0, dot));
    const std::string_view code = dot == name.npos ? name : name.substr(dot + 1);
    if (code.empty() || category.find('.') != category.npos) return false;

    const std::string uniform = replace_all(to_lower(code), "-", "_");
    for (const NamedCode& known : named_codes) {
        if (known.name == uniform && (category.empty() || category == known.category)) {
            patterns.push_back({std::string(known.category), known.code, known.code, 4});
            return true;
        }
    }
    if (category.empty()) {  // a category as a whole
        if (!std::all_of(name.begin(), name.end(), [](char c) {
                return is_ascii_alpha(c) || is_ascii_digit(c) || c == '_' || c == '-';
            })) {
            return false;
        }
        patterns.push_back({std::string(name), 0, -1, 2});
        return true;
    }
    if (code.size() == 3 && iequals(code.substr(1), "xx") && is_ascii_digit(code[0])) {
        const int hundred = (code[0] - '0') * 100;
        patterns.push_back({std::move(category), hundred, hundred + 99, 3});
        return true;
    }
    if (const auto value = parse_integer<int>(code)) {
        patterns.push_back({std::move(category), *value, *value, 4});
        return true;
    }
    return false;
}

int ErrorMatcher::specificity(const Error& error) const noexcept {
    return specificity(error.code().category().name(), error.code().value());
}

int ErrorMatcher::specificity(std::string_view category, int code) const noexcept {
    int best = 0;
    for (const Pattern& pattern : patterns_) {
        if (pattern.specificity <= best) continue;
        if (!pattern.category.empty() && pattern.category != category) continue;
        if (pattern.first <= pattern.last && (code < pattern.first || code > pattern.last)) continue;
        best = pattern.specificity;
    }
    return best;
}

}  // namespace flotilla::resilience
