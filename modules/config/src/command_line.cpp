#include "flotilla/config/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace flotilla::config {

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
    CommandLine line;
    bool options_end = false;
    for (const std::string& argument : arguments) {
        if (options_end || !argument.starts_with("--")) {
            line.arguments.push_back(argument);
            continue;
        }
        if (argument == "--") {
            options_end = true;
            continue;
        }
        const std::string_view option = std::string_view(argument).substr(2);
        const std::size_t equals = option.find('=');
        const std::string name(option.substr(0, equals));
        const std::string value(equals == std::string_view::npos ? "" : option.substr(equals + 1));
        if (name.empty() || name.find_first_of(" \t") != std::string::npos) {
            return fail(
                Errc::invalid_argument,
                fmt::format("the option '{}' has no name: write --some.property=value", argument)
            );
        }
        const auto former =
            std::ranges::find(line.options, name, &std::pair<std::string, std::string>::first);
        if (former == line.options.end()) {
            line.options.emplace_back(name, value);
        } else {
            former->second += "," + value;
        }
    }
    return line;
}

}  // namespace flotilla::config
