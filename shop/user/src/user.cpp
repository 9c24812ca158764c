#include "flotilla/shop/user/user.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace flotilla::shop::user {

bool plausible(const std::vector<OrderLine>& lines) noexcept {
    return std::ranges::none_of(lines, [](const OrderLine& line) {
        return line.order_id.empty() || line.product_id.empty();
    });
}

UserView view_of(const User& user) {
    return {.email = user.email, .name = user.name, .user_id = user.user_id};
}

std::vector<UserView> views_of(const std::vector<User>& users) {
    std::vector<UserView> views;
    views.reserve(users.size());
    for (const User& user : users) views.push_back(view_of(user));
    return views;
}

std::string tag_of(const User& user) {
    return fmt::format("\"{}\"", user.version);
}

Problem unknown_user() {
    return Problem(http::Status::not_found, "UNKNOWN_USER", "User not found");
}

Problem email_taken() {
    return Problem(http::Status::conflict, "EMAIL_TAKEN", "There is a user of that email already");
}

}  // namespace flotilla::shop::user
