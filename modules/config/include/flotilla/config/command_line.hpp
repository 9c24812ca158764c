#pragma once
/// `--some.property=value` arguments, as Spring takes them.

#include <string>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::config {

struct CommandLine {
    std::vector<std::pair<std::string, std::string>>
        options;                         ///< `--a` has an empty value; repeated ones are joined by commas
    std::vector<std::string> arguments;  ///< everything else, in order
};

/// `arguments` without the program's name. What follows a lone `--` is no option.
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace flotilla::config
