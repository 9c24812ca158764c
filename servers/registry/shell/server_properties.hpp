#pragma once
/// `eureka.server.*` as configuration files of Spring's server have it: properties of things that there are
/// none of here (response caches, thread pools, Amazon's services) are taken and do nothing.

#include <string>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/config/environment.hpp"

namespace flotilla::registry {

/// Which of these are set, by their canonical names; sorted.
std::vector<std::string> properties_without_effect(const config::Environment& environment);

/// An error for whatever else stands under `eureka.server` and is no property of this server.
Result<void> check_server_properties(const config::Environment& environment);

}  // namespace flotilla::registry
