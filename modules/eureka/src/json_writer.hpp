#pragma once
/// The JSON half of `codec.hpp`'s writing.

#include <string>

#include "flotilla/eureka/codec.hpp"

namespace flotilla::eureka::detail {

/// Without a root.
void append_json(std::string& out, const InstanceInfo& instance, Detail detail);
void append_json(std::string& out, const Application& application, Detail detail);

}  // namespace flotilla::eureka::detail
