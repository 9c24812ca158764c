#include "hal.hpp"

#include <array>

#include "flotilla/http/negotiation.hpp"

namespace flotilla::shop::user {

namespace {

UserLinks links_of(const std::string& user_id) {
    return {
        .self = {"/user-service/users/" + user_id},
        .all_users = {"/user-service/users"},
        .orders = {"/order-service/" + user_id + "/orders"},
    };
}

}  // namespace

bool wants_hal(const http::Request& request) {
    static constexpr std::array<std::string_view, 2> offers{json_type, hal_type};
    return http::best_media_type(request.fields(), offers) == std::size_t{1};
}

HalUser hal_of(const UserView& user) {
    return {user.email, user.name, user.user_id, links_of(user.user_id)};
}

HalUserDetail hal_of(const UserDetail& user) {
    return {user.email, user.name, user.user_id, user.orders, links_of(user.user_id)};
}

HalUsers hal_of(const std::vector<UserView>& users) {
    HalUsers all{.embedded = {}, .links = {.self = {"/user-service/users/hateoas"}}};
    all.embedded.users.reserve(users.size());
    for (const UserView& user : users) all.embedded.users.push_back(hal_of(user));
    return all;
}

HalRoot hal_root() {
    return {{
        .self = {"/user-service/"},
        .users = {"/user-service/users"},
        .login = {"/user-service/login"},
        .welcome = {"/user-service/welcome"},
        .health = {"/user-service/health_check"},
    }};
}

}  // namespace flotilla::shop::user
