#pragma once
/// Finds and reads configuration files: locations, profiles, documents, imports.

#include <functional>
#include <string>
#include <vector>

#include "flotilla/config/environment.hpp"

namespace flotilla::config::detail {

struct ConfigData {
    std::vector<SourcePtr> sources;  ///< highest precedence first
    std::vector<std::string> active_profiles;
    std::vector<std::string> default_profiles;
    std::vector<std::string> remote_imports;
};

/// The text of a property among these sources, placeholders resolved.
using ResolveAmong =
    std::function<Result<std::string>(const std::vector<SourcePtr>& sources, const Property&)>;

/// `base` are the sources that are there before any file is read, highest precedence first.
Result<ConfigData> load_config_data(
    const Files& files,
    const std::vector<SourcePtr>& base,
    const Decrypt& decrypt,
    const ResolveAmong& resolve
);

/// Puts the plain text in the place of every `{cipher}` value.
Result<void> decrypt_all(std::vector<Property>& properties, const Decrypt& decrypt);

/// By precedence; within one the order stays.
void sort_by_precedence(std::vector<SourcePtr>& sources);

}  // namespace flotilla::config::detail
