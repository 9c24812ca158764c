// The predicates of a route file.

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/gateway/weight.hpp"
#include "flotilla/http/cookies.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/proxy/forwarded.hpp"

namespace flotilla::gateway {

namespace {

template <class List, class Text>
std::string joined(const List& list, Text text) {
    std::string out;
    for (const auto& item : list) {
        if (!out.empty()) out += ", ";
        out += text(item);
    }
    return out;
}

class PathPredicate final : public Predicate {
public:
    PathPredicate(std::vector<PathPattern> patterns, TrailingSlash slash)
        : patterns_(std::move(patterns)), slash_(slash) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        for (const PathPattern& pattern : patterns_) {
            const std::size_t mark = exchange.variables().size();
            if (pattern.match(exchange.request_path(), slash_, exchange.variables())) return true;
            exchange.variables().shrink(mark);
        }
        return false;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format(
            "Paths: [{}], match trailing slash: {}",
            joined(patterns_, [](const PathPattern& pattern) { return pattern.text(); }),
            slash_ == TrailingSlash::optional
        );
    }

    [[nodiscard]] const std::vector<PathPattern>* paths() const override { return &patterns_; }

private:
    std::vector<PathPattern> patterns_;
    TrailingSlash slash_;
};

class HostPredicate final : public Predicate {
public:
    explicit HostPredicate(std::vector<HostPattern> patterns) : patterns_(std::move(patterns)) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        return std::ranges::any_of(patterns_, [&](const HostPattern& pattern) {
            return pattern.match(exchange.host(), exchange.variables());
        });
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("Hosts: [{}]", joined(patterns_, [](const HostPattern& pattern) {
                               return pattern.text();
                           }));
    }

    [[nodiscard]] const std::vector<HostPattern>* hosts() const override { return &patterns_; }

private:
    std::vector<HostPattern> patterns_;
};

class MethodPredicate final : public Predicate {
public:
    explicit MethodPredicate(std::vector<std::string> methods) : methods_(std::move(methods)) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        return std::ranges::find(methods_, exchange.method()) != methods_.end();
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("Methods: [{}]", join(methods_, ", "));
    }

    [[nodiscard]] const std::vector<std::string>* methods() const override { return &methods_; }

private:
    std::vector<std::string> methods_;
};

class HeaderPredicate final : public Predicate {
public:
    HeaderPredicate(std::string name, std::optional<TextPattern> pattern)
        : name_(std::move(name)), pattern_(std::move(pattern)) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        return std::ranges::any_of(exchange.head().fields.all(), [&](const http::Field& field) {
            return iequals(field.name, name_) && (!pattern_ || pattern_->matches(field.value));
        });
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("Header: {} regexp={}", name_, pattern_ ? pattern_->text() : "null");
    }

private:
    std::string name_;
    std::optional<TextPattern> pattern_;
};

class CookiePredicate final : public Predicate {
public:
    CookiePredicate(std::string name, TextPattern pattern)
        : name_(std::move(name)), pattern_(std::move(pattern)) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        bool found = false;
        exchange.head().fields.for_each(http::KnownField::cookie, [&](std::string_view field) {
            http::for_each_cookie(field, [&](std::string_view name, std::string_view value) {
                found = found || (name == name_ && pattern_.matches(value));
            });
        });
        return found;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("Cookie: name={} regexp={}", name_, pattern_.text());
    }

private:
    std::string name_;
    TextPattern pattern_;
};

class QueryPredicate final : public Predicate {
public:
    QueryPredicate(std::string name, std::optional<TextPattern> pattern)
        : name_(std::move(name)), pattern_(std::move(pattern)) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        for (const auto pair : http::UrlEncoded(exchange.head().query))
            if (pair.is_named(name_) && (!pattern_ || pattern_->matches(pair.value()))) return true;
        return false;
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("Query: param={} regexp={}", name_, pattern_ ? pattern_->text() : "null");
    }

private:
    std::string name_;
    std::optional<TextPattern> pattern_;
};

class TimePredicate final : public Predicate {
public:
    TimePredicate(std::optional<WallTime> after, std::optional<WallTime> before)
        : after_(after), before_(before) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        const WallTime now = exchange.inbound().wall;
        return (!after_ || now > *after_) && (!before_ || now < *before_);
    }

    [[nodiscard]] std::string text() const override {
        if (after_ && before_)
            return fmt::format("Between: {} and {}", format_iso_time(*after_), format_iso_time(*before_));
        return after_ ? "After: " + format_iso_time(*after_) : "Before: " + format_iso_time(*before_);
    }

private:
    std::optional<WallTime> after_;
    std::optional<WallTime> before_;
};

struct Source {
    std::string text;
    proxy::AddressRange range;
};

bool in_any(const std::vector<Source>& sources, const runtime::Endpoint& address) {
    return std::ranges::any_of(sources, [&](const Source& source) { return source.range.contains(address); });
}

std::string sources_text(const std::vector<Source>& sources) {
    return joined(sources, [](const Source& source) { return source.text; });
}

class RemoteAddrPredicate final : public Predicate {
public:
    explicit RemoteAddrPredicate(std::vector<Source> ranges) : ranges_(std::move(ranges)) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        return in_any(ranges_, exchange.inbound().peer);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format("RemoteAddrs: [{}]", sources_text(ranges_));
    }

private:
    std::vector<Source> ranges_;
};

class XForwardedRemoteAddrPredicate final : public Predicate {
public:
    XForwardedRemoteAddrPredicate(std::vector<Source> ranges, std::size_t trusted)
        : ranges_(std::move(ranges)), trusted_(trusted) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        const auto& fields = exchange.head().fields;
        // Two lines may come from two hops, and nobody knows in which order: neither is believed.
        if (fields.count(http::KnownField::x_forwarded_for) == 1) {
            const auto hops = split_list(fields.get(http::KnownField::x_forwarded_for));
            if (!hops.empty()) {
                const std::size_t at = hops.size() > trusted_ ? hops.size() - trusted_ : 0;
                const auto address = runtime::Endpoint::parse(hops[at], 0);
                return address && in_any(ranges_, *address);
            }
        }
        return in_any(ranges_, exchange.inbound().peer);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format(
            "XForwardedRemoteAddrs: [{}], max trusted index: {}", sources_text(ranges_), trusted_
        );
    }

private:
    std::vector<Source> ranges_;
    std::size_t trusted_;
};

/// `2017-01-20T17:42:47.789-07:00[America/Denver]`, or milliseconds since 1970. The offset says when, the
/// zone's name nothing more.
Result<WallTime> parse_moment(std::string_view text) {
    if (const auto millis = parse_integer<std::int64_t>(text)) {
        constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1'000'000;
        return WallTime(std::chrono::milliseconds(std::clamp(*millis, -most, most)));
    }
    std::string written(text.substr(0, text.find('[')));
    auto moment = parse_iso_time(written);
    if (moment) return moment;
    // "Never" and "always" are written as years that a clock of nanoseconds cannot tell.
    const auto year = parse_integer<int>(std::string_view(written).substr(0, 4));
    if (year && written.size() > 4 && (*year > 2261 || *year < 1678)) {
        written.replace(0, 4, "2000");
        if (parse_iso_time(written)) return *year > 2000 ? WallTime::max() : WallTime::min();
    }
    return fail(
        Errc::invalid_argument, fmt::format("'{}' is no time with a zone, as 2017-01-20T17:42:47-07:00", text)
    );
}

Result<std::vector<Source>> sources_of(const Arguments& args) {
    std::vector<Source> ranges;
    for (const std::string& text : args.list("sources")) {
        FLT_TRY(auto range, proxy::AddressRange::parse(text));
        ranges.push_back({text, std::move(range)});
    }
    return ranges;
}

Result<std::optional<TextPattern>> optional_pattern(const Arguments& args) {
    if (!args.has("regexp")) return std::nullopt;
    FLT_TRY(auto pattern, args.pattern("regexp"));
    return std::optional(std::move(pattern));
}

void add_time_predicates(Components& to) {
    to.predicate("After", {.order = {"datetime"}}, [](const Arguments& args) -> Result<PredicatePtr> {
        FLT_TRY(const WallTime moment, parse_moment(args.text("datetime")));
        return std::make_shared<TimePredicate>(moment, std::nullopt);
    });
    to.predicate("Before", {.order = {"datetime"}}, [](const Arguments& args) -> Result<PredicatePtr> {
        FLT_TRY(const WallTime moment, parse_moment(args.text("datetime")));
        return std::make_shared<TimePredicate>(std::nullopt, moment);
    });
    to.predicate(
        "Between",
        {.order = {"datetime1", "datetime2"}},
        [](const Arguments& args) -> Result<PredicatePtr> {
            FLT_TRY(const WallTime first, parse_moment(args.text("datetime1")));
            FLT_TRY(const WallTime last, parse_moment(args.text("datetime2")));
            if (first >= last) return fail(Errc::invalid_argument, "datetime1 must be before datetime2");
            return std::make_shared<TimePredicate>(first, last);
        }
    );
}

void add_value_predicates(Components& to) {
    to.predicate(
        "Header",
        {.order = {"header", "regexp"}, .optional = {"regexp"}},
        [](const Arguments& args) -> Result<PredicatePtr> {
            FLT_TRY(auto pattern, optional_pattern(args));
            return std::make_shared<HeaderPredicate>(args.text("header"), std::move(pattern));
        }
    );
    to.predicate("Cookie", {.order = {"name", "regexp"}}, [](const Arguments& args) -> Result<PredicatePtr> {
        FLT_TRY(auto pattern, args.pattern("regexp"));
        return std::make_shared<CookiePredicate>(args.text("name"), std::move(pattern));
    });
    to.predicate(
        "Query",
        {.order = {"param", "regexp"}, .optional = {"regexp"}},
        [](const Arguments& args) -> Result<PredicatePtr> {
            FLT_TRY(auto pattern, optional_pattern(args));
            return std::make_shared<QueryPredicate>(args.text("param"), std::move(pattern));
        }
    );
    to.predicate(
        "Method",
        {.shortcut = Shortcut::list, .order = {"methods"}},
        [](const Arguments& args) -> Result<PredicatePtr> {
            return std::make_shared<MethodPredicate>(args.list("methods"));
        }
    );
}

void add_address_predicates(Components& to) {
    to.predicate(
        "RemoteAddr",
        {.shortcut = Shortcut::list, .order = {"sources"}},
        [](const Arguments& args) -> Result<PredicatePtr> {
            FLT_TRY(auto ranges, sources_of(args));
            return std::make_shared<RemoteAddrPredicate>(std::move(ranges));
        }
    );
    to.predicate(
        "XForwardedRemoteAddr",
        {.shortcut = Shortcut::list, .order = {"sources"}, .more = {"maxTrustedIndex"}},
        [](const Arguments& args) -> Result<PredicatePtr> {
            FLT_TRY(auto ranges, sources_of(args));
            FLT_TRY(const auto trusted, args.integer("maxTrustedIndex", 1, 1));
            return std::make_shared<XForwardedRemoteAddrPredicate>(
                std::move(ranges), static_cast<std::size_t>(trusted)
            );
        }
    );
}

}  // namespace

std::string WeightPredicate::text() const {
    return fmt::format("Weight: {} {}", group_, weight_);
}

void detail::add_predicates(Components& to) {
    to.predicate(
        "Path",
        {.shortcut = Shortcut::list_with_tail_flag, .order = {"patterns", "matchTrailingSlash"}},
        [](const Arguments& args) -> Result<PredicatePtr> {
            std::vector<PathPattern> patterns;
            for (const std::string& text : args.list("patterns")) {
                FLT_TRY(auto pattern, PathPattern::parse(text));
                patterns.push_back(std::move(pattern));
            }
            FLT_TRY(const bool slash, args.flag("matchTrailingSlash", true));
            return std::make_shared<PathPredicate>(
                std::move(patterns), slash ? TrailingSlash::optional : TrailingSlash::exact
            );
        }
    );
    to.predicate(
        "Host",
        {.shortcut = Shortcut::list, .order = {"patterns"}},
        [](const Arguments& args) -> Result<PredicatePtr> {
            std::vector<HostPattern> patterns;
            for (const std::string& text : args.list("patterns")) {
                FLT_TRY(auto pattern, HostPattern::parse(text));
                patterns.push_back(std::move(pattern));
            }
            return std::make_shared<HostPredicate>(std::move(patterns));
        }
    );
    to.predicate("Weight", {.order = {"group", "weight"}}, [](const Arguments& args) -> Result<PredicatePtr> {
        FLT_TRY(const auto weight, args.integer("weight", 0, 0, 1'000'000'000));
        return std::make_shared<WeightPredicate>(args.text("group"), static_cast<std::uint32_t>(weight));
    });
    add_time_predicates(to);
    add_value_predicates(to);
    add_address_predicates(to);
}

}  // namespace flotilla::gateway
