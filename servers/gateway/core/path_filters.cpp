// Filters that change where a request goes: its path, its query, its Host.

#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/http/percent.hpp"

namespace flotilla::gateway {

namespace {

Next rewritten(Exchange& exchange, std::string_view path) {
    return exchange.rewrite_path(path) ? Next::go_on : exchange.respond(500);
}

class RewritePath final : public Filter {
public:
    RewritePath(TextPattern pattern, Replacement replacement)
        : pattern_(std::move(pattern)), replacement_(std::move(replacement)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const auto path = replacement_.apply(exchange.path());
        return path ? rewritten(exchange, *path) : Next::go_on;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RewritePath {} = '{}'", pattern_.text(), replacement_.text());
    }

private:
    TextPattern pattern_;
    Replacement replacement_;
};

class StripPrefix final : public Filter {
public:
    explicit StripPrefix(std::int64_t parts) : parts_(parts) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const std::string_view path = exchange.path();
        std::string kept;
        std::int64_t segment = 0;
        http::for_each_segment(path, [&](std::string_view text) {
            if (text.empty() || segment++ < parts_) return;
            kept.append("/").append(text);
        });
        if (kept.empty()) {
            kept = "/";
        } else if (path.ends_with('/')) {
            kept += '/';
        }
        return rewritten(exchange, kept);
    }

    [[nodiscard]] std::string text() const override { return fmt::format("StripPrefix parts = {}", parts_); }

private:
    std::int64_t parts_;
};

class PrefixPath final : public Filter {
public:
    explicit PrefixPath(ValueTemplate prefix) : prefix_(std::move(prefix)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        if (exchange.prefix_added) return Next::go_on;
        exchange.prefix_added = true;
        const auto prefix = prefix_.expand_path(exchange);
        if (!prefix || !exchange.set_path(exchange.arena().join(*prefix, exchange.path())))
            return exchange.respond(500);
        return Next::go_on;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("PrefixPath prefix = '{}'", prefix_.text());
    }

private:
    ValueTemplate prefix_;
};

class SetPath final : public Filter {
public:
    explicit SetPath(ValueTemplate path) : path_(std::move(path)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const auto path = path_.expand_path(exchange);
        return path ? rewritten(exchange, *path) : exchange.respond(500);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("SetPath template = '{}'", path_.text());
    }

private:
    ValueTemplate path_;
};

/// The raw pairs of a query, for those who take some out.
template <class Keep>
std::string filtered_query(std::string_view query, Keep keep) {
    std::string out;
    for (std::string_view rest = query; !rest.empty();) {
        const std::size_t end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        if (!keep(http::form_decode(pair.substr(0, pair.find('='))))) continue;
        if (!out.empty()) out += '&';
        out += pair;
    }
    return out;
}

class AddRequestParameter final : public Filter {
public:
    AddRequestParameter(std::string name, ValueTemplate value)
        : name_(std::move(name)), value_(std::move(value)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const auto value = value_.expand(exchange);
        if (!value) return exchange.respond(500);
        std::string query(exchange.query());
        http::append_urlencoded(query, name_, *value);
        return exchange.set_query(query) ? Next::go_on : exchange.respond(500);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("AddRequestParameter {} = '{}'", name_, value_.text());
    }

private:
    std::string name_;
    ValueTemplate value_;
};

class RemoveRequestParameter final : public Filter {
public:
    explicit RemoveRequestParameter(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const std::string query =
            filtered_query(exchange.query(), [this](const std::string& name) { return name != name_; });
        exchange.set_query(query, !query.empty());
        return Next::go_on;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RemoveRequestParameter name = '{}'", name_);
    }

private:
    std::string name_;
};

class RewriteRequestParameter final : public Filter {
public:
    RewriteRequestParameter(std::string name, std::string replacement)
        : name_(std::move(name)), replacement_(std::move(replacement)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        bool found = false;
        std::string query = filtered_query(exchange.query(), [&](const std::string& name) {
            found = found || name == name_;
            return name != name_;
        });
        if (!found) return Next::go_on;
        http::append_urlencoded(query, name_, replacement_);
        exchange.set_query(query);
        return Next::go_on;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RewriteRequestParameter {} = '{}'", name_, replacement_);
    }

private:
    std::string name_;
    std::string replacement_;
};

class PreserveHostHeader final : public Filter {
public:
    [[nodiscard]] Next before(Exchange& exchange) const override {
        exchange.host_to_send = exchange.host();
        return Next::go_on;
    }

    [[nodiscard]] std::string text() const override { return "PreserveHostHeader"; }
};

class SetRequestHostHeader final : public Filter {
public:
    explicit SetRequestHostHeader(ValueTemplate host) : host_(std::move(host)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const auto host = host_.expand(exchange);
        if (!host || host->empty() || !Headers::valid("Host", *host) || !fits_request_line(*host) ||
            host->find_first_of("/@?,") != std::string_view::npos)
            return exchange.respond(500);
        exchange.host_to_send = *host;
        return Next::go_on;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("SetRequestHostHeader '{}'", host_.text());
    }

private:
    ValueTemplate host_;
};

/// For filters whose one argument may have variables.
template <class Made>
MakeFilter from_template(std::string name) {
    return [name = std::move(name)](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
        FLT_TRY(auto value, ValueTemplate::compile(args.text(name)));
        return std::make_shared<Made>(std::move(value));
    };
}

}  // namespace

void detail::add_path_filters(Components& to) {
    to.filter(
        "RewritePath",
        {.order = {"regexp", "replacement"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(auto pattern, args.pattern("regexp"));
            FLT_TRY(auto replacement, Replacement::compile(pattern, args.text("replacement")));
            return std::make_shared<RewritePath>(std::move(pattern), std::move(replacement));
        }
    );
    to.filter(
        "StripPrefix",
        {.order = {"parts"}, .optional = {"parts"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(const auto parts, args.integer("parts", 1, 0, 1000));
            return std::make_shared<StripPrefix>(parts);
        }
    );
    to.filter("PrefixPath", {.order = {"prefix"}}, from_template<PrefixPath>("prefix"));
    to.filter("SetPath", {.order = {"template"}}, from_template<SetPath>("template"));
    to.filter("SetRequestHostHeader", {.order = {"host"}}, from_template<SetRequestHostHeader>("host"));
    to.filter("PreserveHostHeader", {}, [](const Arguments&, const FilterScope&) -> Result<FilterPtr> {
        return std::make_shared<PreserveHostHeader>();
    });
    to.filter(
        "AddRequestParameter",
        {.order = {"name", "value"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(auto value, ValueTemplate::compile(args.text("value")));
            return std::make_shared<AddRequestParameter>(args.text("name"), std::move(value));
        }
    );
    to.filter(
        "RemoveRequestParameter",
        {.order = {"name"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            return std::make_shared<RemoveRequestParameter>(args.text("name"));
        }
    );
    to.filter(
        "RewriteRequestParameter",
        {.order = {"name", "replacement"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            return std::make_shared<RewriteRequestParameter>(args.text("name"), args.text("replacement"));
        }
    );
}

}  // namespace flotilla::gateway
