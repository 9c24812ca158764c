#pragma once
// The files of Swagger UI inside the program.

#include <string_view>

namespace flotilla::openapi {

/// gzip; empty in a build that could not get them.
std::string_view embedded_script() noexcept;
std::string_view embedded_style() noexcept;
/// Why they are missing; empty when they are not.
std::string_view why_missing() noexcept;
std::string_view ui_version() noexcept;

}  // namespace flotilla::openapi
