// Which requests there are, and what is said about them in the description of the API.

#include "flotilla/reflect/json.hpp"
#include "flotilla/shop/paths.hpp"
#include "flotilla/shop/user/user_api.hpp"
#include "hal.hpp"

namespace flotilla::shop::user {

namespace {

constexpr const char* tag = "User";

http::RouteOptions open_to_all(std::string summary, std::vector<http::ResponseDoc> responses = {}) {
    return {.doc = {.summary = std::move(summary), .tag = tag, .responses = std::move(responses)}};
}

/// With the answers that every request with a token may get.
http::RouteOptions with_token(
    std::string summary, std::vector<http::ResponseDoc> responses, std::vector<std::string> produces = {}
) {
    http::RouteOptions options = open_to_all(std::move(summary), std::move(responses));
    options.produces = std::move(produces);
    options.doc.responses.push_back({401, "No token, or none that is good"});
    options.doc.responses.push_back({500, "Something is wrong here"});
    options.doc.bearer = true;
    return options;
}

/// A good answer that is there with links too.
template <class T>
http::ResponseDoc as_hal(std::string description) {
    return http::ResponseDoc::of<T>(200, std::move(description), std::string(hal_type));
}

const http::ResponseDoc invalid{400, "A field is wrong"};
const http::ResponseDoc forbidden{403, "The token is somebody else's"};
const http::ResponseDoc unknown{404, "No such user"};
const http::ResponseDoc busy{503, "Not now: after Retry-After"};

}  // namespace

void UserApi::mount(http::Router& router) {
    using http::Body;
    using http::Path;
    using http::Query;
    using Limit = Query<"limit", Text>;
    using Cursor = Query<"cursor", Text>;

    BothPaths paths(router, "/user-service");
    paths.get(
        "/",
        [] { return http::Response(http::Status::ok, hal_type, reflect::to_json(hal_root())); },
        open_to_all("Where everything is", {as_hal<HalRoot>("The first links")})
    );
    paths.health_check([this](Request& request) { return status(request); });
    paths.get("/welcome", [this](Request& request) { return welcome(request); }, open_to_all("Says welcome"));
    paths.post(
        "/users",
        [this](Request& request, Body<NewUser> in) { return register_user(request, *in); },
        open_to_all("Registers a user", {{201, "Registered"}, invalid, {409, "The email is taken"}, busy})
    );
    paths.post(
        "/login",
        [this](Request& request, Body<Credentials> in) { return login(request, *in); },
        open_to_all(
            "Gives a token in the header token",
            {{200, "The headers token and userId"},
             invalid,
             {401, "Not this email and password"},
             {429, "Too many attempts: after Retry-After"},
             busy}
        )
    );
    paths.get(
        "/users",
        [this](Request& request, Limit limit, Cursor cursor) { return list(request, *limit, *cursor); },
        with_token("Lists users", {as_hal<HalUsers>("A page of them"), invalid})
    );
    paths.get(
        "/users/hateoas",
        [this](Request& request, Limit limit, Cursor cursor) {
            return list_with_links(request, *limit, *cursor);
        },
        with_token("Lists users with links", {{200, "A page of them"}, invalid}, {std::string(hal_type)})
    );
    paths.get(
        "/users/{userId}",
        [this](Request& request, Path<"userId"> id) { return one(request, *id); },
        with_token(
            "A user with orders",
            {as_hal<HalUserDetail>("X-Degraded: orders where they are unknown"), forbidden, unknown}
        )
    );
    paths.patch(
        "/users/{userId}",
        [this](Request& request, Path<"userId"> id, Body<UserEdit> change) {
            return edit(request, *id, *change);
        },
        with_token(
            "Gives a user another name",
            {{200, "Changed"},
             invalid,
             forbidden,
             unknown,
             {412, "It has changed meanwhile"},
             {428, "If-Match is missing"}}
        )
    );
}

}  // namespace flotilla::shop::user
