#pragma once
/// How much a log line matters. A logger set to a level writes that level and everything before it in the
/// list.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace flotilla::log {

enum class Level : std::uint8_t { off, error, warn, info, debug, trace };

inline constexpr std::array all_levels{
    Level::off, Level::error, Level::warn, Level::info, Level::debug, Level::trace
};

constexpr std::size_t index(Level level) noexcept {
    return static_cast<std::size_t>(level);
}

/// `OFF`, `ERROR`, ...
std::string_view to_string(Level level) noexcept;
/// Either case. `FATAL` is `ERROR`, as Logback has it; nothing for an unknown word.
std::optional<Level> parse_level(std::string_view text) noexcept;

}  // namespace flotilla::log
