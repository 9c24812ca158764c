#pragma once
/// Users as a running service: `shop-user`.

#include "flotilla/service/service.hpp"

namespace flotilla::shop::user {

/// Puts the users into a service and runs it; tests give a service of their own.
int run_user_service(Service& service);

/// The exit code of the process.
int run_user(int argc, const char* const* argv);

}  // namespace flotilla::shop::user
