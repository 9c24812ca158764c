#pragma once
/// Users: what is kept of them, and how they look outside. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/problem.hpp"
#include "flotilla/shop/user/order_line.hpp"

namespace flotilla::shop::user {

/// A row of the table `users`. Never goes out as it is: it has the password's hash.
struct User {
    std::string user_id;
    std::string email;
    std::string name;
    std::string encrypted_pwd;
    std::int64_t version = 0;  ///< grows with every change
    WallTime created_at{};
};

FLT_DESCRIBE(User, user_id, email, name, encrypted_pwd, version, created_at)

/// As clients see it.
struct UserView {
    std::string email;
    std::string name;
    std::string user_id;

    friend bool operator==(const UserView&, const UserView&) = default;
};

FLT_DESCRIBE(UserView, email, name, user_id)

/// With orders: an empty list, never none.
struct UserDetail {
    std::string email;
    std::string name;
    std::string user_id;
    std::vector<OrderLine> orders;
};

FLT_DESCRIBE(UserDetail, email, name, user_id, orders)

UserView view_of(const User& user);
std::vector<UserView> views_of(const std::vector<User>& users);

/// Of the user, not of the orders beside it: for If-Match.
std::string tag_of(const User& user);

/// 404.
Problem unknown_user();
/// 409.
Problem email_taken();

}  // namespace flotilla::shop::user
