#pragma once
// A whole service within a test.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/config/files.hpp"
#include "flotilla/service/service.hpp"

namespace flotilla::test_support {

/// The same for a test: on a free port of this machine, without files and variables, without a line on the
/// terminal and without a wait at its end. `properties` come besides, or instead.
inline service::ServiceOptions quietly(
    service::ServiceOptions options, std::vector<std::string> properties = {}
) {
    const auto is_given = [&](std::string_view usual) {
        const std::string_view name = usual.substr(0, usual.find('=') + 1);
        return std::ranges::any_of(properties, [name](std::string_view one) {
            return one.starts_with(name);
        });
    };
    options.arguments.clear();
    for (const char* usual :
         {"--server.port=0",
          "--server.address=127.0.0.1",
          "--logging.level.root=off",
          "--flotilla.runtime.loops=1",
          "--flotilla.shutdown.drain-delay=0"})
        if (!is_given(usual)) options.arguments.emplace_back(usual);
    options.arguments.insert(options.arguments.end(), properties.begin(), properties.end());
    options.variables.clear();
    options.files = std::make_shared<config::MemoryFiles>();
    return options;
}

}  // namespace flotilla::test_support
