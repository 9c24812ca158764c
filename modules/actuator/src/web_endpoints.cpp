#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "flotilla/actuator/endpoints.hpp"
#include "flotilla/http/router.hpp"

namespace flotilla::actuator {

namespace {

Json media_types(const std::vector<std::string>& types) {
    Json list = Json::array();
    for (const auto& type : types) list.push_back(Json::object({{"mediaType", type}, {"negated", false}}));
    return list;
}

std::string joined(const std::vector<std::string>& parts) {
    return fmt::format("{}", fmt::join(parts, " || "));
}

/// `UserController#getUser(string)` in class, name and parameters.
Json handler_method(const std::string& handler) {
    const std::size_t bracket = handler.find('(');
    const std::string before = handler.substr(0, bracket);
    const std::size_t hash = before.rfind('#');
    return Json::object({
        {"className", hash == std::string::npos ? std::string() : before.substr(0, hash)},
        {"name", hash == std::string::npos ? before : before.substr(hash + 1)},
        {"descriptor", bracket == std::string::npos ? std::string("()") : handler.substr(bracket)},
    });
}

Json route_json(const http::Route& route) {
    const auto& options = route.options;
    std::string predicate = fmt::format("{{{} [{}]", route.method_text, route.pattern);
    if (!options.consumes.empty()) predicate += fmt::format(", consumes [{}]", joined(options.consumes));
    if (!options.produces.empty()) predicate += fmt::format(", produces [{}]", joined(options.produces));
    predicate += '}';
    const std::string handler = options.name.empty() ? route.method_text + " " + route.pattern : options.name;
    Json conditions = Json::object({
        {"consumes", media_types(options.consumes)},
        {"headers", Json::array()},
        {"methods", Json::array({route.method_text})},
        {"params", Json::array()},
        {"patterns", Json::array({route.pattern})},
        {"produces", media_types(options.produces)},
    });
    return Json::object({
        {"handler", handler},
        {"predicate", std::move(predicate)},
        {"details",
         Json::object(
             {{"handlerMethod", handler_method(handler)}, {"requestMappingConditions", std::move(conditions)}}
         )},
    });
}

std::string mappings_text(const std::vector<const http::Router*>& routers, const std::string& application) {
    Json routes = Json::array();
    for (const http::Router* router : routers)
        for (const auto& route : router->routes()) routes.push_back(route_json(*route));
    Json servlet = Json::object({
        {"name", "dispatcherServlet"},
        {"className", "flotilla::http::Router"},
        {"mappings", Json::array({"/"})},
    });
    Json mappings = Json::object({
        {"dispatcherServlets", Json::object({{"dispatcherServlet", std::move(routes)}})},
        {"servletFilters", Json::array()},
        {"servlets", Json::array({std::move(servlet)})},
    });
    Json context = Json::object({{"mappings", std::move(mappings)}});
    return Json::object({{"contexts", Json::object({{application, std::move(context)}})}}).text();
}

}  // namespace

Endpoint mappings_endpoint(
    std::function<std::vector<const http::Router*>()> routers, std::string application
) {
    // Routes do not change once requests come in.
    struct Once {
        std::once_flag made;
        std::string text;
    };

    Operation::Function read = [routers = std::move(routers),
                                application = std::move(application),
                                once = std::make_shared<Once>()](const Call&) {
        std::call_once(once->made, [&] { once->text = mappings_text(routers(), application); });
        return Answer::json_text(once->text);
    };
    Endpoint endpoint;
    endpoint.id = "mappings";
    endpoint.operations.push_back({.run = std::move(read)});
    return endpoint;
}

Endpoint httpexchanges_endpoint(const HttpExchangeRepository& exchanges) {
    Operation::Function read = [&exchanges](const Call&) { return Answer::of(exchanges.json()); };
    Endpoint endpoint;
    endpoint.id = "httpexchanges";
    endpoint.operations.push_back({.run = std::move(read)});
    return endpoint;
}

Endpoint httptrace_endpoint(const HttpExchangeRepository& exchanges) {
    Operation::Function read = [&exchanges](const Call&) { return Answer::of(exchanges.traces_json()); };
    Endpoint endpoint;
    endpoint.id = "httptrace";
    endpoint.operations.push_back({.run = std::move(read)});
    return endpoint;
}

Endpoint scheduledtasks_endpoint(const ScheduledTasks& tasks) {
    Operation::Function read = [&tasks](const Call&) { return Answer::of(tasks.json()); };
    Endpoint endpoint;
    endpoint.id = "scheduledtasks";
    endpoint.operations.push_back({.run = std::move(read)});
    return endpoint;
}

Endpoint sbom_endpoint() {
    Endpoint endpoint{.id = "sbom"};
    endpoint.operations.push_back({.run = [](const Call&) {
        return Answer::of(Json::object({{"ids", Json::array()}}));
    }});
    endpoint.operations.push_back({.path = "/{id}", .run = [](const Call&) { return Answer::none(); }});
    return endpoint;
}

Endpoint shutdown_endpoint(std::function<void(Duration)> begin) {
    Operation::Function run = [begin = std::move(begin)](const Call&) {
        begin(std::chrono::milliseconds(500));
        return Answer::of(Json::object({{"message", "Shutting down, bye..."}}));
    };
    Endpoint endpoint;
    endpoint.id = "shutdown";
    endpoint.default_access = Access::none;
    endpoint.operations.push_back({.verb = Verb::write, .run = std::move(run)});
    return endpoint;
}

}  // namespace flotilla::actuator
