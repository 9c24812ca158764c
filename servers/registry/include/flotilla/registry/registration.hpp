#pragma once
/// What a registration must have before it is taken.

#include <optional>
#include <string>
#include <string_view>

#include "flotilla/eureka/instance_info.hpp"

namespace flotilla::registry {

/// The first thing that is wrong, as the answer 400 words it: `Missing hostname`. `path_app` is what the
/// request's path says.
std::optional<std::string> refuse_registration(
    const eureka::InstanceInfo& instance, std::string_view path_app
);

/// Fills in what may be left out: the instance id of Amazon's metadata.
void complete_registration(eureka::InstanceInfo& instance);

}  // namespace flotilla::registry
