#pragma once
/// The JSON half of `codec.hpp`'s reading.

#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/eureka/applications.hpp"
#include "flotilla/reflect/options.hpp"
#include "flotilla/reflect/tape.hpp"

namespace flotilla::eureka::detail {

Result<InstanceInfo> instance_from_json(std::string_view text, const reflect::Limits& limits);
Result<Application> application_from_json(std::string_view text, const reflect::Limits& limits);
Result<Applications> applications_from_json(std::string_view text, const reflect::Limits& limits);

/// Without a root.
Result<InstanceInfo> read_instance(const reflect::Node& node);

/// Any scalar as text; null and what is no scalar are nothing.
std::optional<std::string> scalar_text(const reflect::Node& node);
/// Numbers in any spelling, fractions cut; what is no number is 0, as Jackson's lenient reading has it.
std::int64_t lenient_integer(const reflect::Node& node);

}  // namespace flotilla::eureka::detail
