// Filters that answer themselves, refuse requests, or harden answers.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"

namespace flotilla::gateway {

namespace {

class RedirectTo final : public Filter {
public:
    RedirectTo(int status, std::string url, bool with_query)
        : status_(status), url_(std::move(url)), with_query_(with_query) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        std::string location = url_;
        if (with_query_ && exchange.has_query()) {
            location += location.find('?') == std::string::npos ? '?' : '&';
            location += exchange.query();
        }
        exchange.answer().headers.set("Location", location);
        return exchange.respond(status_);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RedirectTo {} = '{}'", status_, url_);
    }

private:
    int status_;
    std::string url_;
    bool with_query_;
};

class SetStatus final : public Filter {
public:
    SetStatus(int status, std::string original_header)
        : status_(status), header_(std::move(original_header)) {}

    void after(Exchange&, Answer& answer) const override {
        if (answer.early) return;
        if (!header_.empty()) answer.headers.set(header_, fmt::format("[{}]", answer.status()));
        answer.set_status(status_);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("SetStatus status = '{}'", status_);
    }

private:
    int status_;
    std::string header_;
};

struct SecureHeader {
    std::string_view key;  ///< of the setting, and of the route's argument in its other spelling
    std::string_view name;
    std::string_view value;
};

constexpr std::array secure_headers{
    SecureHeader{"xss-protection-header", "X-Xss-Protection", "1 ; mode=block"},
    SecureHeader{"strict-transport-security", "Strict-Transport-Security", "max-age=631138519"},
    SecureHeader{"frame-options", "X-Frame-Options", "DENY"},
    SecureHeader{"content-type-options", "X-Content-Type-Options", "nosniff"},
    SecureHeader{"referrer-policy", "Referrer-Policy", "no-referrer"},
    SecureHeader{
        "content-security-policy",
        "Content-Security-Policy",
        "default-src 'self' https:; font-src 'self' https: data:; img-src 'self' https: data:; object-src "
        "'none'; "
        "script-src https:; style-src 'self' https: 'unsafe-inline'"
    },
    SecureHeader{"download-options", "X-Download-Options", "noopen"},
    SecureHeader{"permitted-cross-domain-policies", "X-Permitted-Cross-Domain-Policies", "none"},
};

class SecureHeaders final : public Filter {
public:
    explicit SecureHeaders(std::vector<std::pair<std::string, std::string>> headers)
        : headers_(std::move(headers)) {}

    void after(Exchange&, Answer& answer) const override {
        for (const auto& [name, value] : headers_)
            if (!answer.headers.contains(name)) answer.headers.add(name, value);
    }

    [[nodiscard]] std::string text() const override { return "SecureHeaders"; }

private:
    std::vector<std::pair<std::string, std::string>> headers_;
};

Result<FilterPtr> secure(const Arguments& args, const FilterScope& scope) {
    const auto setting = [&](std::string_view key) {
        return scope.setting(fmt::format("filter.secure-headers.{}", key));
    };
    // A route's own list takes the place of the one for all.
    const auto listed = [&](std::string_view key) {
        std::vector<std::string> names;
        const std::string for_all = to_lower(setting(key));
        for (const std::string_view name : split_list(for_all)) names.emplace_back(name);
        if (const auto own = args.list(key); !own.empty()) {
            names.clear();
            for (const std::string& name : own) names.push_back(to_lower(name));
        }
        return names;
    };
    const auto disabled = listed("disable");
    std::vector<std::pair<std::string, std::string>> headers;
    for (const SecureHeader& header : secure_headers) {
        if (std::ranges::find(disabled, to_lower(header.name)) != disabled.end()) continue;
        std::string value = args.text(header.key);
        if (value.empty()) value = setting(header.key);
        if (value.empty()) value = header.value;
        if (!Headers::valid(header.name, value))
            return fail(Errc::invalid_argument, fmt::format("{}: no value of a header", header.key));
        headers.emplace_back(header.name, std::move(value));
    }
    const auto enabled = listed("enable");
    if (std::ranges::find(enabled, "permissions-policy") != enabled.end()) {
        const std::string policy = setting("permissions-policy");
        headers.emplace_back(
            "Permissions-Policy", policy.empty() ? "accelerometer=(), camera=(), geolocation=()" : policy
        );
    }
    return std::make_shared<SecureHeaders>(std::move(headers));
}

/// `6.0 MB`, as Apache and Spring write it: units of 1000, one decimal.
std::string human_size(std::uint64_t bytes) {
    if (bytes < 1000) return fmt::format("{} B", bytes);
    static constexpr std::string_view units = "kMGTPE";
    double value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    while (value >= 999.95 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return fmt::format("{:.1f} {}B", value, units[unit]);
}

class RequestSize final : public Filter {
public:
    explicit RequestSize(std::uint64_t most) : most_(most) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const std::uint64_t size = exchange.head().content_length.value_or(0);
        if (size <= most_) return Next::go_on;
        exchange.answer().headers.set(
            "errorMessage",
            fmt::format(
                "Request size is larger than permissible limit. Request size is {} where permissible limit "
                "is {}",
                human_size(size),
                human_size(most_)
            )
        );
        return exchange.respond(413);
    }

    void ask(RoutePolicies& policies) const override {
        policies.max_body = std::min(policies.max_body.value_or(most_), most_);
    }

    [[nodiscard]] std::string text() const override { return fmt::format("RequestSize max = {}", most_); }

private:
    std::uint64_t most_;
};

class RequestHeaderSize final : public Filter {
public:
    RequestHeaderSize(std::uint64_t most, std::string error_header)
        : most_(most), error_header_(std::move(error_header)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        // By name, in the order of arrival: the name counts once, the values each.
        std::vector<std::pair<std::string_view, std::uint64_t>> sizes;
        for (const http::Field& field : exchange.head().fields.all()) {
            auto found = std::ranges::find_if(sizes, [&](const auto& entry) {
                return iequals(entry.first, field.name);
            });
            if (found == sizes.end()) found = sizes.insert(sizes.end(), {field.name, field.name.size()});
            found->second += field.value.size();
        }
        std::string message;
        for (const auto& [name, size] : sizes)
            if (size > most_) message += fmt::format(" Request Header/s size for '{}' is {}B.", name, size);
        if (message.empty()) return Next::go_on;
        exchange.answer().headers.set(
            error_header_,
            fmt::format("Request Header/s size is larger than permissible limit ({}B).{}", most_, message)
        );
        return exchange.respond(431);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RequestHeaderSize max = {}B", most_);
    }

private:
    std::uint64_t most_;
    std::string error_header_;
};

}  // namespace

void detail::add_answer_filters(Components& to) {
    to.filter(
        "RedirectTo",
        {.order = {"status", "url", "includeRequestParams"}, .optional = {"includeRequestParams"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(const int status, parse_status(args.text("status")));
            if (status < 300 || status > 399)
                return fail(Errc::invalid_argument, fmt::format("status {} is no redirection", status));
            FLT_TRY(const bool with_query, args.flag("includeRequestParams", false));
            std::string url = args.text("url");
            if (!fits_request_line(url))
                return fail(Errc::invalid_argument, fmt::format("'{}' is no URL", url));
            return std::make_shared<RedirectTo>(status, std::move(url), with_query);
        }
    );
    to.filter(
        "SetStatus",
        {.order = {"status"}},
        [](const Arguments& args, const FilterScope& scope) -> Result<FilterPtr> {
            FLT_TRY(const int status, parse_status(args.text("status")));
            if (status < 200)
                return fail(Errc::invalid_argument, fmt::format("status {} ends no exchange", status));
            std::string header = scope.setting("set-status.original-status-header-name");
            if (!header.empty()) {
                FLT_TRY(header, header_name(std::move(header)));
            }
            return std::make_shared<SetStatus>(status, std::move(header));
        }
    );
    std::vector<std::string> keys{"enable", "disable"};
    for (const SecureHeader& header : secure_headers) keys.emplace_back(header.key);
    to.filter("SecureHeaders", {.more = std::move(keys)}, secure);
    to.filter(
        "RequestSize",
        {.order = {"maxSize"}, .optional = {"maxSize"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(const Bytes most, args.bytes("maxSize", Bytes{5'000'000}));
            return std::make_shared<RequestSize>(most.count);
        }
    );
    to.filter(
        "RequestHeaderSize",
        {.order = {"maxSize", "errorHeaderName"}, .optional = {"maxSize", "errorHeaderName"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(const Bytes most, args.bytes("maxSize", Bytes{16'000}));
            FLT_TRY(std::string header, header_name(args.text("errorHeaderName", "errorMessage")));
            return std::make_shared<RequestHeaderSize>(most.count, std::move(header));
        }
    );
}

}  // namespace flotilla::gateway
