#pragma once
/// A request out of text, and routes out of YAML: what core tests are made of.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "flotilla/gateway/route_table.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/http/request_parser.hpp"
#include "flotilla/reflect/yaml.hpp"

namespace flotilla::gateway {

struct ShotOptions {
    std::string headers{};  ///< lines, each with its line end
    std::string peer = "10.1.2.3";
    bool secure = false;
    WallTime wall{std::chrono::seconds{1'700'000'000}};
    TimePoint now{std::chrono::hours{1}};
    Random* random = nullptr;
};

/// One exchange that a test has in hand.
class Shot {
public:
    explicit Shot(std::string_view request_line, ShotOptions options = {})
        : text_(
              std::string(request_line) + " HTTP/1.1\r\n" +
              (options.headers.find("Host:") == std::string::npos ? "Host: gateway:8000\r\n" : "") +
              options.headers + "\r\n"
          ) {
        EXPECT_EQ(parser_.parse(text_), http::Progress::done) << text_;
        path_ = http::resolve_path(parser_.head().path, http::EncodedSlash::keep).value_or("/");
        peer_ = runtime::Endpoint::parse(options.peer, 5000).value_or(runtime::Endpoint());
        for (const http::Field& field : parser_.head().fields)
            if (!iequals(field.name, "Host")) outgoing.add(field.name, field.value);
        exchange_ = std::make_unique<Exchange>(
            Inbound{
                .head = parser_.head(),
                .path = path_,
                .peer = peer_,
                .secure = options.secure,
                .now = options.now,
                .wall = options.wall,
                .id = "abc-1",
                .random = options.random
            },
            outgoing,
            response
        );
    }

    Exchange& operator*() { return *exchange_; }

    Exchange* operator->() { return exchange_.get(); }

    http::HeaderBlock outgoing;
    http::Response response;

private:
    std::string text_;
    http::RequestParser parser_{{.encoded_slash = http::EncodedSlash::keep}};
    std::string path_;
    runtime::Endpoint peer_;
    std::unique_ptr<Exchange> exchange_;
};

inline Result<RouteDefinitions> definitions_of(std::string_view yaml) {
    FLT_TRY(const auto documents, reflect::parse_yaml(yaml));
    RouteDefinitions made;
    for (const Json& json : documents.at(0)["routes"].elements()) {
        FLT_TRY(auto route, route_from(json));
        made.routes.push_back(std::move(route));
    }
    for (const Json& json : documents.at(0)["default-filters"].elements()) {
        FLT_TRY(auto filter, component_from(json, ComponentKind::filter));
        made.default_filters.push_back(std::move(filter));
    }
    return made;
}

inline Result<std::shared_ptr<const RouteTable>> table_of(
    std::string_view yaml,
    const ComponentMeans& means = {},
    const Components& components = Components::standard()
) {
    FLT_TRY(const auto definitions, definitions_of(yaml));
    return RouteTable::compile(definitions, components, means);
}

/// One route that takes everything, with these filters, each on a line of its own.
inline std::shared_ptr<const RouteTable> with_filters(
    const std::vector<std::string>& filters, const ComponentMeans& means = {}, std::string_view path = "/**"
) {
    std::string yaml = "routes:\n- id: r\n  uri: http://up:80\n  predicates:\n  - Path=" + std::string(path) +
                       "\n  filters:\n";
    for (const std::string& filter : filters) yaml += "  - " + filter + "\n";
    auto table = table_of(yaml, means);
    EXPECT_TRUE(table) << (table ? "" : table.error().message());
    return table ? *table : nullptr;
}

/// The message of a table that cannot be made.
inline std::string refusal_of(std::string_view yaml) {
    const auto table = table_of(yaml);
    return table ? "" : table.error().message();
}

/// Routes and runs what comes before the call; whether it goes on.
inline bool send(const RouteTable& table, Shot& shot) {
    const Route* route = table.find(*shot);
    EXPECT_NE(route, nullptr);
    return route && route->before(*shot);
}

}  // namespace flotilla::gateway
