#include "properties.hpp"

#include "flotilla/base/text.hpp"

namespace flotilla::reflect {

Result<log::Level> TextForm<log::Level>::parse(std::string_view text) {
    // YAML reads the word off as a boolean.
    if (iequals(text, "false")) return log::Level::off;
    if (const auto level = log::parse_level(text)) return *level;
    return fail(
        Errc::invalid_argument,
        "expected OFF, ERROR, WARN, INFO, DEBUG or TRACE, got '" + std::string(text) + "'"
    );
}

std::string TextForm<log::Level>::print(log::Level level) {
    return std::string(log::to_string(level));
}

}  // namespace flotilla::reflect
