#pragma once
/// Where files may lie: `optional:file:./config/`, `file:/etc/app/extra.yml`, `configtree:/run/secrets/`.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/config/environment.hpp"

namespace flotilla::config::detail {

struct Location {
    enum class Kind { folder, file, tree, remote } kind = Kind::file;
    std::string text;       ///< as it was given
    std::string path;       ///< folders end with a slash
    std::string extension;  ///< given in brackets behind a path that has none: `[.yaml]`
    bool optional = false;

    [[nodiscard]] bool is_remote() const noexcept { return kind == Kind::remote; }
};

/// Locations between semicolons: among them a later profile counts more than a later location.
using LocationGroup = std::vector<Location>;

/// A path that says no `file:` is relative to `folder`.
LocationGroup parse_location_group(std::string_view text, std::string_view folder);

/// The files that may exist, least precedence first: within a folder .yaml, .yml, .properties.
std::vector<std::string> candidates(
    const Files& files,
    const Location& location,
    const std::vector<std::string>& names,
    const std::string& profile
);

/// Every file below a folder as a property: `db/password` is `db.password`.
Result<void> read_tree(
    const Files& files,
    const std::string& folder,
    const std::string& prefix,
    int depth,
    std::vector<Property>& into
);

}  // namespace flotilla::config::detail
