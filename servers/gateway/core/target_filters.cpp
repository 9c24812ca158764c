// Filters that send a request somewhere else than to the URI of its route.

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/http/path.hpp"

namespace flotilla::gateway {

namespace {

/// After all that change the path: what they have made does not count.
constexpr std::int32_t after_the_others = 10'001;

/// Hosts that requests may be sent to whatever a client says: `api.example.org`, `*.example.org`.
class AllowedHosts {
public:
    AllowedHosts() = default;

    static Result<AllowedHosts> of(const Arguments& args) {
        AllowedHosts made;
        for (const std::string& host : args.list("hosts")) {
            const std::string_view name = host.starts_with("*.") ? std::string_view(host).substr(2) : host;
            if (name.empty() || name.find_first_of("*/:@") != std::string_view::npos)
                return fail(
                    Errc::invalid_argument,
                    fmt::format("hosts: '{}' is no host, such as api.example.org or *.example.org", host)
                );
            made.hosts_.push_back(host);
        }
        return made;
    }

    [[nodiscard]] bool empty() const noexcept { return hosts_.empty(); }

    [[nodiscard]] bool allow(std::string_view host) const {
        return std::ranges::any_of(hosts_, [host](std::string_view one) {
            if (!one.starts_with("*.")) return iequals(one, host);
            const std::string_view end = one.substr(1);
            return host.size() > end.size() && iequals(host.substr(host.size() - end.size()), end);
        });
    }

    [[nodiscard]] std::string text() const { return join(hosts_, ", "); }

private:
    std::vector<std::string> hosts_;
};

/// An absolute `http` or `https` URL that can be sent as it is; nothing for any other text.
std::optional<http::Url> url_of(std::string_view text) {
    auto url = http::Url::parse(text);
    if (!url || url->balanced || !url->user_info.empty()) return std::nullopt;
    if (url->scheme != "http" && url->scheme != "https") return std::nullopt;
    auto path = http::resolve_path(url->path);
    if (!path) return std::nullopt;
    url->path = *std::move(path);
    return *std::move(url);
}

bool send_to(Exchange& exchange, http::Url url) {
    if (!exchange.set_path(url.path) || !exchange.set_query(url.query, url.has_query)) return false;
    exchange.target = std::move(url);
    return true;
}

class SetRequestUri final : public Filter {
public:
    SetRequestUri(ValueTemplate uri, AllowedHosts hosts) : uri_(std::move(uri)), hosts_(std::move(hosts)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const auto text = uri_.expand(exchange);
        if (!text) return exchange.respond(500);
        auto url = url_of(*text);
        if (!url) return Next::go_on;
        if (!hosts_.empty() && !hosts_.allow(url->host)) return exchange.respond(403);
        send_to(exchange, *std::move(url));
        return Next::go_on;
    }

    [[nodiscard]] std::optional<std::int32_t> order() const override { return after_the_others; }

    [[nodiscard]] std::string text() const override {
        return fmt::format("SetRequestUri template = '{}'", uri_.text());
    }

private:
    ValueTemplate uri_;
    AllowedHosts hosts_;
};

class RequestHeaderToRequestUri final : public Filter {
public:
    RequestHeaderToRequestUri(std::string name, AllowedHosts hosts)
        : name_(std::move(name)), hosts_(std::move(hosts)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        auto url = url_of(exchange.headers().get(name_));
        if (!url) return Next::go_on;
        if (!hosts_.allow(url->host)) return exchange.respond(403);
        send_to(exchange, *std::move(url));
        return Next::go_on;
    }

    [[nodiscard]] std::optional<std::int32_t> order() const override { return after_the_others; }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RequestHeaderToRequestUri name = '{}', hosts = [{}]", name_, hosts_.text());
    }

private:
    std::string name_;
    AllowedHosts hosts_;
};

/// Whether a client may have a say in where the request goes.
bool has_variable_host(std::string_view uri) {
    const std::size_t authority = uri.find("//");
    // Without one it is all variable, or never a URL.
    const std::size_t path =
        authority == std::string_view::npos ? authority : uri.find_first_of("/?", authority + 2);
    return uri.substr(0, path).find('{') != std::string_view::npos;
}

}  // namespace

void detail::add_target_filters(Components& to) {
    to.filter(
        "SetRequestUri",
        {.order = {"template"}, .more = {"hosts"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(auto hosts, AllowedHosts::of(args));
            FLT_TRY(auto uri, ValueTemplate::compile(args.text("template")));
            if (hosts.empty() && has_variable_host(uri.text()))
                return fail(Errc::invalid_argument, "a template with a variable host needs hosts");
            return std::make_shared<SetRequestUri>(std::move(uri), std::move(hosts));
        }
    );
    to.filter(
        "RequestHeaderToRequestUri",
        {.order = {"name"}, .more = {"hosts"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(auto hosts, AllowedHosts::of(args));
            if (hosts.empty())
                return fail(
                    Errc::invalid_argument, "without hosts a client could have any address called from here"
                );
            FLT_TRY(std::string name, header_name(args.text("name")));
            return std::make_shared<RequestHeaderToRequestUri>(std::move(name), std::move(hosts));
        }
    );
}

}  // namespace flotilla::gateway
