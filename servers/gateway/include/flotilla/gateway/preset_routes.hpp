#pragma once
/// Routes that are a part of the binary, as YAML: `deploy/routes/shop.yml` and `course.yml`, which
/// `--flotilla.gateway.preset=shop` and `=course` stand for.

#include <optional>
#include <string_view>

namespace flotilla::gateway {

/// Nothing for a name that is no preset.
std::optional<std::string_view> preset_routes(std::string_view preset) noexcept;

}  // namespace flotilla::gateway
