#include "hal.hpp"

#include <array>

#include "flotilla/http/negotiation.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::shop::user {

namespace {

using reflect::Json;

Json link(std::string href) {
    return Json::object({{"href", std::move(href)}});
}

std::string path_of(const std::string& user_id) {
    return "/user-service/users/" + user_id;
}

Json user_links(const std::string& user_id) {
    return Json::object({
        {"self", link(path_of(user_id))},
        {"all-users", link("/user-service/users")},
        {"orders", link("/order-service/" + user_id + "/orders")},
    });
}

template <class T>
Json with_links(const T& user) {
    Json body = reflect::to_value(user);
    body.set("_links", user_links(user.user_id));
    return body;
}

}  // namespace

bool wants_hal(const http::Request& request) {
    static constexpr std::array<std::string_view, 2> offers{json_type, hal_type};
    return http::best_media_type(request.fields(), offers) == std::size_t{1};
}

Json hal_of(const UserView& user) {
    return with_links(user);
}

Json hal_of(const UserDetail& user) {
    return with_links(user);
}

Json hal_of(const std::vector<UserView>& users) {
    Json list = Json::array();
    for (const UserView& user : users) list.push_back(with_links(user));
    return Json::object({
        {"_embedded", Json::object({{"users", std::move(list)}})},
        {"_links", Json::object({{"self", link("/user-service/users/hateoas")}})},
    });
}

Json hal_root() {
    return Json::object({{
        "_links",
        Json::object({
            {"self", link("/user-service/")},
            {"users", link("/user-service/users")},
            {"login", link("/user-service/login")},
            {"welcome", link("/user-service/welcome")},
            {"health", link("/user-service/health_check")},
        }),
    }});
}

}  // namespace flotilla::shop::user
