#pragma once
/// The XML half of `codec.hpp`'s reading.

#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/eureka/applications.hpp"
#include "flotilla/reflect/options.hpp"

namespace flotilla::eureka::detail {

Result<InstanceInfo> instance_from_xml(std::string_view text, const reflect::Limits& limits);
Result<Application> application_from_xml(std::string_view text, const reflect::Limits& limits);
Result<Applications> applications_from_xml(std::string_view text, const reflect::Limits& limits);

}  // namespace flotilla::eureka::detail
