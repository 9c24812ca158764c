#pragma once
// Answers with links, for clients that ask for application/hal+json.

#include <string>
#include <vector>

#include "flotilla/http/request.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/user/user.hpp"

namespace flotilla::shop::user {

inline constexpr std::string_view hal_type = "application/hal+json";
inline constexpr std::string_view json_type = "application/json";

/// Whether the client likes links better than plain JSON.
bool wants_hal(const http::Request& request);

/// A path that is right behind a gateway and without one.
struct Link {
    std::string href;
};

FLT_DESCRIBE(Link, href)

struct UserLinks {
    Link self;
    Link all_users;
    Link orders;
};

FLT_DESCRIBE(UserLinks, self, (all_users, as("all-users")), orders)

struct HalUser {
    std::string email;
    std::string name;
    std::string user_id;
    UserLinks links;
};

FLT_DESCRIBE(HalUser, email, name, user_id, (links, as("_links")))

struct HalUserDetail {
    std::string email;
    std::string name;
    std::string user_id;
    std::vector<OrderLine> orders;
    UserLinks links;
};

FLT_DESCRIBE(HalUserDetail, email, name, user_id, orders, (links, as("_links")))

struct EmbeddedUsers {
    std::vector<HalUser> users;
};

FLT_DESCRIBE(EmbeddedUsers, users)

struct ListLinks {
    Link self;
};

FLT_DESCRIBE(ListLinks, self)

struct HalUsers {
    EmbeddedUsers embedded;
    ListLinks links;
};

FLT_DESCRIBE(HalUsers, (embedded, as("_embedded")), (links, as("_links")))

struct RootLinks {
    Link self;
    Link users;
    Link login;
    Link welcome;
    Link health;
};

FLT_DESCRIBE(RootLinks, self, users, login, welcome, health)

/// Where everything begins.
struct HalRoot {
    RootLinks links;
};

FLT_DESCRIBE(HalRoot, (links, as("_links")))

HalUser hal_of(const UserView& user);
HalUserDetail hal_of(const UserDetail& user);
/// `_embedded.users`, each with a link to itself.
HalUsers hal_of(const std::vector<UserView>& users);
HalRoot hal_root();

}  // namespace flotilla::shop::user
