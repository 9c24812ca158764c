#include "gateway_endpoint.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/exchange.hpp"
#include "flotilla/http/path.hpp"

namespace flotilla::gateway {

namespace {

using actuator::Call;
using actuator::Verb;

Json route_list(const RouteTable& table) {
    Json list = Json::array();
    for (const Route& route : table.routes()) list.push_back(route.to_json());
    return list;
}

actuator::Answer one_route(const RouteTable& table, const std::string& id) {
    const Route* found = nullptr;
    int count = 0;
    for (const Route& route : table.routes()) {
        if (route.id() != id) continue;
        if (!found) found = &route;
        ++count;
    }
    if (!found) return actuator::Answer::empty(http::Status::not_found);
    actuator::Answer answer = actuator::Answer::of(found->to_json());
    if (count > 1) answer.headers.emplace_back("X-Duplicate-Routes", std::to_string(count));
    return answer;
}

actuator::Answer combined_filters(const RouteTable& table, const std::string& id) {
    Json json = Json::object();
    for (const Route& route : table.routes()) {
        if (route.id() != id) continue;
        const Json all = route.to_json();
        json[fmt::format(
            "Route{{id='{}', uri={}, order={}, predicate={}, gatewayFilters={}, metadata={}}}",
            route.id(),
            route.uri_text(),
            route.order(),
            all["predicate"].string_or(""),
            all["filters"].text(),
            route.definition().metadata.is_null() ? "{}" : route.definition().metadata.text()
        )] = 0;
        break;
    }
    return actuator::Answer::of(std::move(json));
}

/// `{"[RewritePathGatewayFilterFactory]": null}`
Json factories(const std::vector<std::string>& names, std::string_view suffix) {
    Json json = Json::object();
    for (const std::string& name : names) json[fmt::format("[{}{}]", name, suffix)] = nullptr;
    return json;
}

/// What stands in for Spring's global filters, with the order of each.
Json global_filters() {
    return Json::object(
        {{"ForwardPathFilter", 0},
         {"GatewayMetricsFilter", 0},
         {"RouteToRequestUrlFilter", 10000},
         {"ReactiveLoadBalancerClientFilter", 10150},
         {"WebsocketRoutingFilter", 2147483646},
         {"NettyRoutingFilter", 2147483647},
         {"ForwardRoutingFilter", 2147483647},
         {"NettyWriteResponseFilter", -1}}
    );
}

/// `?method=&path=&host=`: each route that was asked, which predicate did not hold, and which route it would
/// be.
actuator::Answer explain(const RouteTable& table, const Call& call) {
    const auto parameter = [&](std::string_view name, std::string otherwise) {
        const std::string* given = call.query_parameter(name);
        return given ? *given : std::move(otherwise);
    };
    const std::string method = parameter("method", "GET");
    const std::string host = parameter("host", "localhost");
    const std::string path = parameter("path", "/");
    const auto resolved = http::resolve_path(path.substr(0, path.find('?')), http::EncodedSlash::keep);
    if (!resolved) return actuator::Answer::bad_request(resolved.error().message());
    http::RequestHead head;
    head.method_text = method;
    head.method = http::parse_method(method);
    head.host = host;
    if (const std::size_t mark = path.find('?'); mark != std::string::npos) {
        head.query = std::string_view(path).substr(mark + 1);
        head.has_query = true;
    }
    head.fields.add("Host", host);
    const runtime::Endpoint peer = runtime::Endpoint::parse("127.0.0.1", 0).value_or(runtime::Endpoint());
    http::HeaderBlock fields;
    http::Response response;
    Exchange exchange(
        {.head = head, .path = *resolved, .peer = peer, .now = {}, .wall = Clock::system().wall_now()},
        fields,
        response
    );
    Json asked = Json::array();
    Json chosen;
    for (const Route& route : table.routes()) {
        const Predicate* const failed = route.first_failed(exchange);
        const bool matches = failed == nullptr;
        Json entry = Json::object({{"route_id", route.id()}, {"matches", matches}});
        if (failed) entry["failed"] = failed->text();
        if (matches) chosen = route.id();
        if (asked.size() < 1000 || matches) asked.push_back(std::move(entry));
        if (matches) break;
    }
    return actuator::Answer::of(Json::object({{"route_id", std::move(chosen)}, {"asked", std::move(asked)}}));
}

actuator::Answer bad_definition(const Error& error) {
    return actuator::Answer::bad_request(error.message());
}

bool is_dry_run(const Call& call) {
    const std::string* asked = call.query_parameter("dryRun");
    return asked && *asked == "true";
}

/// How many routes there would be, and those of them that would never be asked.
actuator::Answer try_out(const TableKeeper& tables, std::vector<RouteDefinition> routes) {
    const auto table = tables.try_out(std::move(routes));
    if (!table) return bad_definition(table.error());
    Json problems = Json::array();
    for (const auto& problem : (*table)->problems()) problems.push_back(problem.message);
    return actuator::Answer::of(
        Json::object({{"routes", (*table)->routes().size()}, {"problems", std::move(problems)}})
    );
}

actuator::Answer post_route(TableKeeper& tables, const Call& call) {
    Json body = call.body;
    const std::string& id = call.selector("id");
    body["id"] = id;
    auto route = route_from(body);
    if (!route) return bad_definition(route.error());
    std::vector<RouteDefinition> routes;
    routes.push_back(*std::move(route));
    if (is_dry_run(call)) return try_out(tables, std::move(routes));
    if (const auto added = tables.add(std::move(routes)); !added) return bad_definition(added.error());
    actuator::Answer answer = actuator::Answer::empty(http::Status::created);
    answer.headers.emplace_back("Location", "/routes/" + id);
    return answer;
}

actuator::Answer post_routes(TableKeeper& tables, const Call& call) {
    std::vector<RouteDefinition> routes;
    for (const Json& json : call.body.elements()) {
        if (!json.is_object() || json["id"].string_or("").empty())
            return actuator::Answer::bad_request("every route needs an id");
        auto route = route_from(json);
        if (!route) return bad_definition(route.error());
        routes.push_back(*std::move(route));
    }
    if (is_dry_run(call)) return try_out(tables, std::move(routes));
    if (const auto added = tables.add(std::move(routes)); !added) return bad_definition(added.error());
    return actuator::Answer::empty(http::Status::ok);
}

/// `?metadata=group:a,kind:b`: only routes that have all of these.
actuator::Answer refresh(TableKeeper& tables, const Call& call) {
    TableKeeper::Metadata scope;
    for (const auto& [name, value] : call.query) {
        if (name != "metadata") continue;
        for (const std::string_view pair : split_list(value)) {
            const std::size_t colon = pair.find(':');
            if (colon == std::string_view::npos)
                return actuator::Answer::bad_request(
                    fmt::format("metadata: expected key:value, got '{}'", pair)
                );
            scope.emplace_back(pair.substr(0, colon), pair.substr(colon + 1));
        }
    }
    tables.reload_and_tell(scope);
    return actuator::Answer::empty(http::Status::ok);
}

}  // namespace

actuator::Endpoint gateway_endpoint(TableKeeper& tables, const GatewayConfig& config) {
    using Function = actuator::Operation::Function;
    // Routes lead into the inner network, and who can add one can call whatever is there.
    actuator::Endpoint endpoint{
        .id = "gateway", .default_access = actuator::Access::none, .writes_are_local = true
    };
    const auto add = [&](Verb verb, std::string path, Function run) {
        endpoint.operations.push_back({.verb = verb, .path = std::move(path), .run = std::move(run)});
    };
    add(Verb::read, "", [](const Call& call) {
        Json list = Json::array();
        for (const std::string_view name :
             {"routes", "routedefinitions", "globalfilters", "routefilters", "routepredicates", "match"})
            list.push_back(Json::object(
                {{"href", fmt::format("{}/{}", call.url, name)}, {"methods", Json::array({"GET"})}}
            ));
        return actuator::Answer::of(std::move(list));
    });
    add(Verb::read, "/routes", [&](const Call&) {
        return actuator::Answer::of(route_list(*tables.current()->table));
    });
    add(Verb::read, "/routes/{id}", [&](const Call& call) {
        return one_route(*tables.current()->table, call.selector("id"));
    });
    add(Verb::read, "/routes/{id}/combinedfilters", [&](const Call& call) {
        return combined_filters(*tables.current()->table, call.selector("id"));
    });
    add(Verb::read, "/routedefinitions", [&](const Call&) {
        Json list = Json::array();
        for (const auto& route : tables.definitions().routes) list.push_back(to_json(route));
        return actuator::Answer::of(std::move(list));
    });
    add(Verb::read, "/globalfilters", [](const Call&) { return actuator::Answer::of(global_filters()); });
    add(Verb::read, "/routefilters", [&](const Call&) {
        return actuator::Answer::of(factories(tables.components().filter_names(), "GatewayFilterFactory"));
    });
    add(Verb::read, "/routepredicates", [&](const Call&) {
        return actuator::Answer::of(factories(tables.components().predicate_names(), "RoutePredicateFactory")
        );
    });
    add(Verb::read, "/match", [&](const Call& call) { return explain(*tables.current()->table, call); });

    // What changes routes is not there unless it is asked for.
    const auto if_writable = [&config](Function run) -> Function {
        if (config.writable) return run;
        return [](const Call&) { return actuator::Answer::empty(http::Status::not_found); };
    };
    add(Verb::write, "/routes/{id}", if_writable([&](const Call& call) { return post_route(tables, call); }));
    endpoint.operations.push_back(
        {.verb = Verb::write,
         .path = "/routes",
         .run = if_writable([&](const Call& call) { return post_routes(tables, call); }),
         .takes_array = true}
    );
    add(Verb::remove, "/routes/{id}", if_writable([&](const Call& call) {
            return actuator::Answer::empty(
                tables.remove(call.selector("id")) ? http::Status::ok : http::Status::not_found
            );
        }));
    add(Verb::write, "/refresh", if_writable([&](const Call& call) { return refresh(tables, call); }));
    return endpoint;
}

}  // namespace flotilla::gateway
