#include "operations.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/http/status.hpp"

namespace flotilla::openapi {

namespace {

using http::ParameterInfo;
using http::ParameterPlace;
using reflect::Json;

/// `UserController#getUser(string)` in `UserController` and `getUser`.
struct HandlerName {
    std::string_view owner;
    std::string_view function;

    explicit HandlerName(std::string_view name) {
        name = name.substr(0, name.find('('));
        const std::size_t hash = name.find('#');
        if (hash != std::string_view::npos) owner = name.substr(0, hash);
        function = hash == std::string_view::npos ? name : name.substr(hash + 1);
    }
};

/// The names between the brackets of a path.
std::vector<std::string> names_in(std::string_view path) {
    std::vector<std::string> names;
    for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1))
        names.emplace_back(path.substr(at + 1, path.find('}', at) - at - 1));
    return names;
}

/// `GET /users/{id}/orders` as `getUsersByIdOrders`.
std::string made_up_id(std::string_view method, std::string_view path) {
    std::string id = to_lower(method);
    for (const std::string_view segment : split_list(path, '/')) {
        const bool parameter = segment.starts_with('{');
        if (parameter) id += "By";
        bool upper = true;
        for (const char c : segment) {
            if (!is_ascii_alpha(c) && !is_ascii_digit(c)) {
                upper = true;
                continue;
            }
            id += upper ? ascii_upper(c) : c;
            upper = false;
        }
    }
    return id;
}

/// `/users/{id}`: `users`.
std::string_view first_segment(std::string_view path) {
    for (const std::string_view segment : split_list(path, '/'))
        if (!segment.starts_with('{')) return segment;
    return "root";
}

std::string tag_of(const http::Route& route) {
    if (!route.options.doc.tag.empty()) return route.options.doc.tag;
    const HandlerName name(route.options.name);
    return name.owner.empty() ? std::string(first_segment(route.pattern)) : to_kebab(name.owner);
}

/// Fields that OpenAPI wants nobody to describe.
bool is_reserved(std::string_view header) {
    return iequals(header, "Accept") || iequals(header, "Content-Type") || iequals(header, "Authorization");
}

const char* text_of(ParameterPlace place) {
    return place == ParameterPlace::path ? "path" : place == ParameterPlace::query ? "query" : "header";
}

std::string description_of(int status) {
    const std::string_view phrase = http::reason_phrase(status);
    return std::string(phrase.empty() ? "An answer" : phrase);
}

/// A media type without its parameters.
std::string plain(std::string_view media_type) {
    return std::string(trim(media_type.substr(0, media_type.find(';'))));
}

const ParameterInfo* body_parameter(const http::Route& route) {
    const auto found = std::ranges::find(route.parameters, ParameterPlace::body, &ParameterInfo::place);
    return found == route.parameters.end() ? nullptr : &*found;
}

Json text_property(const char* format = nullptr) {
    Json schema = Json::object({{"type", "string"}});
    if (format) schema.set("format", format);
    return schema;
}

/// A body of that schema in each of the media types, JSON when none is named.
Json content_of(const Json& schema, const std::vector<std::string>& types) {
    Json content = Json::object();
    for (const std::string& type : types) content.set(plain(type), Json::object({{"schema", schema}}));
    if (types.empty()) content.set("application/json", Json::object({{"schema", schema}}));
    return content;
}

Json location_header() {
    return Json::object({{"description", "Where it is"}, {"schema", text_property()}});
}

/// What the error renderer writes, as far as it is always there.
Json error_schema(bool problem_details) {
    const Json status = Json::object({{"type", "integer"}, {"format", "int32"}});
    if (problem_details)
        return Json::object(
            {{"type", "object"},
             {"properties",
              Json::object(
                  {{"type", text_property()},
                   {"title", text_property()},
                   {"status", status},
                   {"detail", text_property()},
                   {"instance", text_property()}}
              )}}
        );
    return Json::object(
        {{"type", "object"},
         {"properties",
          Json::object(
              {{"timestamp", text_property("date-time")},
               {"status", status},
               {"error", text_property()},
               {"message", text_property()},
               {"path", text_property()}}
          )}}
    );
}

}  // namespace

std::string template_of(std::string_view pattern) {
    return replace_all(std::string(pattern), "{*", "{");
}

Json Operations::operation_of(const http::Route& route) {
    const http::RouteDoc& doc = route.options.doc;
    Json operation = Json::object();
    operation.set("tags", Json::array({tag_of(route)}));
    if (!doc.summary.empty()) operation.set("summary", doc.summary);
    if (!doc.description.empty()) operation.set("description", doc.description);
    operation.set("operationId", id_of(route));
    if (Json parameters = parameters_of(route); !parameters.empty())
        operation.set("parameters", std::move(parameters));
    if (Json body = body_of(route); !body.is_null()) operation.set("requestBody", std::move(body));
    operation.set("responses", responses_of(route));
    if (doc.bearer) {
        bearer_seen_ = true;
        operation.set("security", Json::array({Json::object({{"bearerAuth", Json::array()}})}));
    }
    return operation;
}

std::string Operations::id_of(const http::Route& route) {
    std::string id(HandlerName(route.options.name).function);
    if (id.empty()) id = made_up_id(route.method_text, template_of(route.pattern));
    std::string unique = id;
    for (int n = 1; !ids_.insert(unique).second; ++n) unique = id + "_" + std::to_string(n);
    return unique;
}

Json Operations::parameters_of(const http::Route& route) {
    Json parameters = Json::array();
    std::vector<std::string> in_path = names_in(template_of(route.pattern));
    const auto add = [&](const std::string& name, ParameterPlace place, bool required, Json schema) {
        parameters.push_back(Json::object(
            {{"name", name}, {"in", text_of(place)}, {"required", required}, {"schema", std::move(schema)}}
        ));
    };
    for (const ParameterInfo& parameter : route.parameters) {
        if (parameter.place == ParameterPlace::body || is_reserved(parameter.name)) continue;
        std::erase(in_path, parameter.name);
        Json schema = parameter.info ? schemas_.schema_of(parameter.info()) : text_property();
        add(parameter.name, parameter.place, parameter.required, std::move(schema));
    }
    // Those that the handler reads from the request itself.
    for (const std::string& name : in_path) add(name, ParameterPlace::path, true, text_property());
    return parameters;
}

Json Operations::body_of(const http::Route& route) {
    const ParameterInfo* parameter = body_parameter(route);
    const auto& consumes = route.options.consumes;
    if (!parameter && consumes.empty()) return {};
    Json schema =
        parameter && parameter->info ? schemas_.schema_of(parameter->info()) : text_property("binary");
    Json content = Json::object();
    for (const std::string& type : consumes) content.set(plain(type), Json::object({{"schema", schema}}));
    if (consumes.empty()) content.set("text/plain", Json::object({{"schema", schema}}));
    return Json::object({{"content", std::move(content)}, {"required", true}});
}

Json Operations::error_content(const http::RouteDoc& doc) {
    if (doc.error_body) return content_of(schemas_.schema_of(doc.error_body()), {});
    const char* name = problem_details_ ? "ProblemDetail" : "Error";
    const char* type = problem_details_ ? "application/problem+json" : "application/json";
    return content_of(schemas_.refer_to(name, error_schema(problem_details_)), {type});
}

Json Operations::answer_content(const http::Route& route) {
    const http::AnswerInfo& answer = route.answer;
    const auto& produces = route.options.produces;
    if (answer.kind == http::AnswerInfo::Kind::json && answer.info)
        return content_of(schemas_.schema_of(answer.info()), produces);
    if (answer.kind == http::AnswerInfo::Kind::text && produces.empty())
        return content_of(text_property(), {"text/plain"});
    if (answer.kind == http::AnswerInfo::Kind::empty || produces.empty()) return Json::object();
    return content_of(text_property(), produces);
}

void Operations::add_answer(const http::Route& route, Json& responses) {
    const http::AnswerInfo& answer = route.answer;
    const auto& declared = route.options.doc.responses;
    const auto add = [&](int status) {
        Json response = Json::object({{"description", description_of(status)}});
        if (answer.created) response.set("headers", Json::object({{"Location", location_header()}}));
        if (Json content = answer_content(route); !content.empty() && !http::never_has_body(status))
            response.set("content", std::move(content));
        responses.set(std::to_string(status), std::move(response));
    };
    // Whoever chooses the status says what it may be.
    if (answer.own_status) {
        for (const http::ResponseDoc& doc : declared)
            if (doc.status / 100 == 2 && !responses.contains(std::to_string(doc.status))) add(doc.status);
        if (!responses.empty()) return;
        if (answer.kind == http::AnswerInfo::Kind::unknown && !declared.empty()) return;
    }
    add(answer.created ? 201 : 200);
}

Json Operations::responses_of(const http::Route& route) {
    const http::RouteDoc& doc = route.options.doc;
    Json responses = Json::object();
    add_answer(route, responses);
    // What may be wrong with a request, as far as the types tell: text is always text.
    const bool refuses = std::ranges::any_of(route.parameters, [](const ParameterInfo& parameter) {
        if (parameter.place == ParameterPlace::body) return parameter.type != "string";
        const bool of_any_text = parameter.info && parameter.info().kind == reflect::TypeInfo::Kind::text;
        return !of_any_text || (parameter.required && parameter.place != ParameterPlace::path);
    });
    const auto add_error = [&](int status) {
        responses.set(
            std::to_string(status),
            Json::object({{"description", description_of(status)}, {"content", error_content(doc)}})
        );
    };
    if (refuses) add_error(400);
    if (doc.bearer) add_error(401);
    if (route.answer.may_be_missing)
        responses.set("404", Json::object({{"description", description_of(404)}}));
    for (const http::ResponseDoc& declared : doc.responses) {
        const std::string status = std::to_string(declared.status);
        if (!responses.contains(status)) {
            if (declared.status >= 400) {
                add_error(declared.status);
            } else {
                responses.set(status, Json::object({{"description", description_of(declared.status)}}));
            }
        }
        if (!declared.description.empty()) responses[status].set("description", declared.description);
        if (!declared.body) continue;
        const Json schema = schemas_.schema_of(declared.body());
        if (declared.media_type.empty()) {
            responses[status].set("content", content_of(schema, route.options.produces));
        } else {
            // One more type beside those that are there.
            Json& content = responses[status]["content"];
            if (!content.is_object()) content = Json::object();
            content.set(plain(declared.media_type), Json::object({{"schema", schema}}));
        }
    }
    std::ranges::sort(responses.members(), {}, &Json::Member::key);
    return responses;
}

}  // namespace flotilla::openapi
