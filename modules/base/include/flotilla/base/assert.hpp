#pragma once
/// A promise inside the program that must hold; checked in every build, because the check is cheap.

#include <source_location>

namespace flotilla::detail {
[[noreturn]] void assertion_failed(const char* expression, std::source_location where) noexcept;
}  // namespace flotilla::detail

/// Ends the process with the expression and its place when `expression` is false. Never depends on outside
/// input.
#define FLT_ASSERT(expression)           \
    ((expression) ? static_cast<void>(0) \
                  : ::flotilla::detail::assertion_failed(#expression, std::source_location::current()))
