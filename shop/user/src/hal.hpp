#pragma once
// Answers with links, for clients that ask for application/hal+json.

#include <vector>

#include "flotilla/http/request.hpp"
#include "flotilla/reflect/value.hpp"
#include "flotilla/shop/user/user.hpp"

namespace flotilla::shop::user {

inline constexpr std::string_view hal_type = "application/hal+json";
inline constexpr std::string_view json_type = "application/json";

/// Whether the client likes links better than plain JSON.
bool wants_hal(const http::Request& request);

// Links are paths that are right behind a gateway and without one.

reflect::Json hal_of(const UserView& user);
reflect::Json hal_of(const UserDetail& user);
/// `_embedded.users`, each with a link to itself.
reflect::Json hal_of(const std::vector<UserView>& users);
/// Where everything begins.
reflect::Json hal_root();

}  // namespace flotilla::shop::user
