#include "flotilla/log/level.hpp"

#include "flotilla/base/text.hpp"

namespace flotilla::log {

std::string_view to_string(Level level) noexcept {
    static constexpr std::array<std::string_view, all_levels.size()> names{
        "OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"
    };
    return names[index(level)];
}

std::optional<Level> parse_level(std::string_view text) noexcept {
    for (const Level level : all_levels) {
        if (iequals(text, to_string(level))) return level;
    }
    if (iequals(text, "FATAL")) return Level::error;
    return std::nullopt;
}

}  // namespace flotilla::log
