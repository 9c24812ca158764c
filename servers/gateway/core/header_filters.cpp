// Filters that change the fields of requests and answers.

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"

namespace flotilla::gateway {

namespace {

bool all_blank(const std::vector<std::string>& values) {
    return std::ranges::all_of(values, [](const std::string& value) { return trim(value).empty(); });
}

class RequestHeader final : public Filter {
public:
    enum class Mode : std::uint8_t { add, set };

    RequestHeader(Mode mode, std::string name, ValueTemplate value)
        : mode_(mode), name_(std::move(name)), value_(std::move(value)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        const auto value = value_.expand(exchange);
        if (!value) return exchange.respond(500);
        const bool done = mode_ == Mode::add ? exchange.headers().add(name_, *value)
                                             : exchange.headers().set(name_, *value);
        return done ? Next::go_on : exchange.respond(500);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format(
            "{}RequestHeader {} = '{}'", mode_ == Mode::add ? "Add" : "Set", name_, value_.text()
        );
    }

private:
    Mode mode_;
    std::string name_;
    ValueTemplate value_;
};

class ResponseHeader final : public Filter {
public:
    enum class Mode : std::uint8_t { add, add_if_missing, set };

    ResponseHeader(Mode mode, std::string name, ValueTemplate value)
        : mode_(mode), name_(std::move(name)), value_(std::move(value)) {}

    void after(Exchange& exchange, Answer& answer) const override {
        if (answer.early && mode_ != Mode::set) return;
        if (mode_ == Mode::add_if_missing && !all_blank(answer.headers.values(name_))) return;
        const auto value = value_.expand(exchange);
        if (!value) return;
        if (mode_ == Mode::add) {
            answer.headers.add(name_, *value);
        } else {
            answer.headers.set(name_, *value);
        }
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format(
            "{}ResponseHeader {} = '{}'", mode_ == Mode::set ? "Set" : "Add", name_, value_.text()
        );
    }

private:
    Mode mode_;
    std::string name_;
    ValueTemplate value_;
};

class AddRequestHeadersIfNotPresent final : public Filter {
public:
    using Values = std::vector<std::pair<std::string, std::vector<ValueTemplate>>>;

    explicit AddRequestHeadersIfNotPresent(Values values) : values_(std::move(values)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        for (const auto& [name, templates] : values_) {
            if (!all_blank(exchange.headers().values(name))) continue;
            exchange.headers().remove(name);
            for (const ValueTemplate& one : templates) {
                const auto value = one.expand(exchange);
                if (!value || !exchange.headers().add(name, *value)) return exchange.respond(500);
            }
        }
        return Next::go_on;
    }

    [[nodiscard]] std::string text() const override {
        std::string text = "AddRequestHeadersIfNotPresent";
        for (const auto& [name, templates] : values_)
            for (const auto& one : templates) text += fmt::format(" {} = '{}'", name, one.text());
        return text;
    }

private:
    Values values_;
};

class RemoveHeader final : public Filter {
public:
    enum class Side : std::uint8_t { request, response };

    RemoveHeader(Side side, std::string name) : side_(side), name_(std::move(name)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        if (side_ == Side::request) exchange.headers().remove(name_);
        return Next::go_on;
    }

    void after(Exchange&, Answer& answer) const override {
        if (side_ == Side::response) answer.headers.remove(name_);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format(
            "Remove{}Header name = '{}'", side_ == Side::request ? "Request" : "Response", name_
        );
    }

private:
    Side side_;
    std::string name_;
};

class MapRequestHeader final : public Filter {
public:
    MapRequestHeader(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        for (const std::string& value : exchange.headers().values(from_)) exchange.headers().add(to_, value);
        return Next::go_on;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("MapRequestHeader fromHeader = '{}', toHeader = '{}'", from_, to_);
    }

private:
    std::string from_;
    std::string to_;
};

class DedupeResponseHeader final : public Filter {
public:
    enum class Strategy : std::uint8_t { retain_first, retain_last, retain_unique };

    DedupeResponseHeader(std::vector<std::string> names, Strategy strategy)
        : names_(std::move(names)), strategy_(strategy) {}

    void after(Exchange&, Answer& answer) const override {
        for (const std::string& name : names_) {
            const auto values = answer.headers.values(name);
            if (values.size() > 1) answer.headers.replace(name, kept(values));
        }
    }

    [[nodiscard]] std::string text() const override {
        static constexpr std::string_view spelled[] = {"RETAIN_FIRST", "RETAIN_LAST", "RETAIN_UNIQUE"};
        return fmt::format(
            "DedupeResponseHeader {} = {}", join(names_, " "), spelled[static_cast<std::size_t>(strategy_)]
        );
    }

private:
    [[nodiscard]] std::vector<std::string> kept(const std::vector<std::string>& values) const {
        if (strategy_ == Strategy::retain_first) return {values.front()};
        if (strategy_ == Strategy::retain_last) return {values.back()};
        std::vector<std::string> unique;
        for (const std::string& value : values)
            if (std::ranges::find(unique, value) == unique.end()) unique.push_back(value);
        return unique;
    }

    std::vector<std::string> names_;
    Strategy strategy_;
};

class RewriteResponseHeader final : public Filter {
public:
    RewriteResponseHeader(std::string name, TextPattern pattern, Replacement replacement)
        : name_(std::move(name)), pattern_(std::move(pattern)), replacement_(std::move(replacement)) {}

    void after(Exchange&, Answer& answer) const override {
        auto values = answer.headers.values(name_);
        bool changed = false;
        for (std::string& value : values) {
            auto rewritten = replacement_.apply(value);
            if (!rewritten) continue;
            value = *std::move(rewritten);
            changed = true;
        }
        if (changed) answer.headers.replace(name_, values);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RewriteResponseHeader {} {} = '{}'", name_, pattern_.text(), replacement_.text());
    }

private:
    std::string name_;
    TextPattern pattern_;
    Replacement replacement_;
};

Result<FilterPtr> request_header(RequestHeader::Mode mode, const Arguments& args) {
    FLT_TRY(auto value, ValueTemplate::compile(args.text("value")));
    FLT_TRY(std::string name, header_name(args.text("name")));
    return std::make_shared<RequestHeader>(mode, std::move(name), std::move(value));
}

Result<FilterPtr> response_header(ResponseHeader::Mode mode, const Arguments& args) {
    FLT_TRY(auto value, ValueTemplate::compile(args.text("value")));
    FLT_TRY(std::string name, header_name(args.text("name")));
    return std::make_shared<ResponseHeader>(mode, std::move(name), std::move(value));
}

Result<FilterPtr> headers_if_not_present(const Arguments& args, const FilterScope&) {
    AddRequestHeadersIfNotPresent::Values values;
    for (const std::string& pair : args.list("headers")) {
        const std::size_t colon = pair.find(':');
        if (colon == std::string::npos || colon == 0 || pair.find(':', colon + 1) != std::string::npos)
            return fail(Errc::invalid_argument, fmt::format("'{}' is not name:value", pair));
        const std::string name = pair.substr(0, colon);
        FLT_TRY(auto value, ValueTemplate::compile(pair.substr(colon + 1)));
        auto found = std::ranges::find(values, name, [](const auto& entry) { return entry.first; });
        if (found == values.end()) found = values.insert(values.end(), {name, {}});
        found->second.push_back(std::move(value));
    }
    return std::make_shared<AddRequestHeadersIfNotPresent>(std::move(values));
}

Result<FilterPtr> dedupe(const Arguments& args, const FilterScope&) {
    using Strategy = DedupeResponseHeader::Strategy;
    const std::string written = args.text("strategy", "RETAIN_FIRST");
    const std::string name = to_upper(replace_all(written, "-", "_"));
    auto strategy = Strategy::retain_first;
    if (name == "RETAIN_LAST") {
        strategy = Strategy::retain_last;
    } else if (name == "RETAIN_UNIQUE") {
        strategy = Strategy::retain_unique;
    } else if (name != "RETAIN_FIRST") {
        return fail(
            Errc::invalid_argument,
            fmt::format("strategy '{}' is none of RETAIN_FIRST, RETAIN_LAST, RETAIN_UNIQUE", written)
        );
    }
    std::vector<std::string> names;
    const std::string listed = args.text("name");
    for (const std::string_view one : split_list(listed, ' ')) names.emplace_back(one);
    return std::make_shared<DedupeResponseHeader>(std::move(names), strategy);
}

}  // namespace

void detail::add_header_filters(Components& to) {
    to.filter(
        "AddRequestHeader",
        {.order = {"name", "value"}},
        [](const Arguments& args, const FilterScope&) {
            return request_header(RequestHeader::Mode::add, args);
        }
    );
    to.filter(
        "SetRequestHeader",
        {.order = {"name", "value"}},
        [](const Arguments& args, const FilterScope&) {
            return request_header(RequestHeader::Mode::set, args);
        }
    );
    to.filter(
        "AddRequestHeadersIfNotPresent",
        {.shortcut = Shortcut::list, .order = {"headers"}},
        headers_if_not_present
    );
    to.filter(
        "AddResponseHeader",
        {.order = {"name", "value", "override"}, .optional = {"override"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(const bool always, args.flag("override", true));
            return response_header(
                always ? ResponseHeader::Mode::add : ResponseHeader::Mode::add_if_missing, args
            );
        }
    );
    to.filter(
        "SetResponseHeader",
        {.order = {"name", "value"}},
        [](const Arguments& args, const FilterScope&) {
            return response_header(ResponseHeader::Mode::set, args);
        }
    );
    to.filter(
        "RemoveRequestHeader",
        {.order = {"name"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            return std::make_shared<RemoveHeader>(RemoveHeader::Side::request, args.text("name"));
        }
    );
    to.filter(
        "RemoveResponseHeader",
        {.order = {"name"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            return std::make_shared<RemoveHeader>(RemoveHeader::Side::response, args.text("name"));
        }
    );
    to.filter(
        "MapRequestHeader",
        {.order = {"fromHeader", "toHeader"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            return std::make_shared<MapRequestHeader>(args.text("fromHeader"), args.text("toHeader"));
        }
    );
    to.filter("DedupeResponseHeader", {.order = {"name", "strategy"}, .optional = {"strategy"}}, dedupe);
    to.filter(
        "RewriteResponseHeader",
        {.order = {"name", "regexp", "replacement"}},
        [](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            FLT_TRY(auto pattern, args.pattern("regexp"));
            FLT_TRY(auto replacement, Replacement::compile(pattern, args.text("replacement")));
            return std::make_shared<RewriteResponseHeader>(
                args.text("name"), std::move(pattern), std::move(replacement)
            );
        }
    );
}

}  // namespace flotilla::gateway
