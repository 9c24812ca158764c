#include "flotilla/fleet/fleet_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/validate.hpp"
#include "flotilla/reflect/yaml.hpp"

namespace flotilla::fleet {

FLT_DESCRIBE(
    PartSpec,
    (name, not_blank),
    (command, not_blank),
    port,
    (instances, min(1), max(64)),
    after,
    options,
    environment,
    port_option,
    health,
    page,
    show
)
FLT_DESCRIBE(FleetFile, common, parts)

namespace {

Result<void> check_names(const FleetFile& file) {
    std::set<std::string> seen;
    for (const PartSpec& part : file.parts) {
        if (part.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
            return fail(
                Errc::invalid_argument,
                fmt::format("part '{}': a name has small letters, digits and '-'", part.name)
            );
        if (!seen.insert(part.name).second)
            return fail(Errc::invalid_argument, fmt::format("part '{}' is there twice", part.name));
    }
    for (const PartSpec& part : file.parts)
        for (const std::string& other : part.after)
            if (!seen.contains(other))
                return fail(
                    Errc::invalid_argument,
                    fmt::format("part '{}' comes after '{}', which is no part", part.name, other)
                );
    return {};
}

/// Starting order: whoever waits for nobody first, otherwise as written.
Result<void> sort_by_start(FleetFile& file) {
    std::vector<PartSpec> sorted;
    std::set<std::string> placed;
    const auto may_start = [&](const PartSpec& part) {
        return std::ranges::all_of(part.after, [&](const std::string& other) {
            return placed.contains(other);
        });
    };
    while (!file.parts.empty()) {
        const auto next = std::ranges::find_if(file.parts, may_start);
        if (next == file.parts.end())
            return fail(
                Errc::invalid_argument,
                fmt::format("part '{}' waits for itself: look at the 'after' lines", file.parts.front().name)
            );
        placed.insert(next->name);
        sorted.push_back(std::move(*next));
        file.parts.erase(next);
    }
    file.parts = std::move(sorted);
    return {};
}

}  // namespace

Result<FleetFile> parse_fleet(std::string_view yaml) {
    FLT_TRY(auto file, reflect::from_yaml<FleetFile>(yaml));
    if (const auto violations = reflect::validate(file); !violations.empty()) {
        const auto& first = violations.front();
        return fail(Errc::invalid_argument, fmt::format("{}: {}", first.field, first.message));
    }
    FLT_CHECK(check_names(file));
    FLT_CHECK(sort_by_start(file));
    return file;
}

}  // namespace flotilla::fleet
