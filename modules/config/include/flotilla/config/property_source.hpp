#pragma once
/// Properties that come from one place: a file, the command line, the environment.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flotilla/reflect/value.hpp"

namespace flotilla::config {

using reflect::Json;

/// A value with where it comes from.
struct Property {
    std::string name;        ///< as it is written there
    Json value;              ///< a scalar with its kind; an empty array or object for an empty list or map
    std::string origin;      ///< `application.yml - 3:9`, `System Environment Property "X"`
    bool encrypted = false;  ///< it was a `{cipher}` value: never to be shown

    /// The value as text; a null is an empty text.
    [[nodiscard]] std::string text() const;
};

/// Who wins: of two sources that have a property, the one whose precedence stands further up here.
enum class Precedence {
    manager,       ///< set at run time through /actuator/env
    server_ports,  ///< ports that were really bound: local.server.port
    command_line,
    application_json,  ///< SPRING_APPLICATION_JSON
    system_environment,
    random,            ///< `random.*`
    remote_overrides,  ///< what a config server imposes
    remote_profile,    ///< of a config server, for a profile
    file_profile,      ///< files and documents for a profile
    remote,            ///< of a config server, for all
    file,
    defaults,  ///< set by the program
};

/// Immutable. Lookups follow relaxed names; in the environment they follow its spelling.
class PropertySource {
public:
    PropertySource(std::string name, Precedence precedence, std::vector<Property> properties);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] Precedence precedence() const noexcept { return precedence_; }

    [[nodiscard]] const std::vector<Property>& properties() const noexcept { return properties_; }

    /// The uniform name of a property by its index, see uniform_name().
    [[nodiscard]] const std::string& uniform(std::size_t index) const { return uniform_[index]; }

    /// Null when it is not here.
    [[nodiscard]] const Property* find(std::string_view name) const;

private:
    std::string name_;
    Precedence precedence_;
    std::vector<Property> properties_;
    std::vector<std::string> uniform_;
    std::unordered_map<std::string, std::size_t>
        by_name_;  ///< uniform names; upper-case names of the environment
};

using SourcePtr = std::shared_ptr<const PropertySource>;

/// A source of names and texts, origins as in `"a" from property source "name"`.
SourcePtr make_source(
    std::string name, Precedence precedence, const std::vector<std::pair<std::string, Json>>& properties
);

/// The variables of this process.
std::vector<std::pair<std::string, std::string>> process_environment();

}  // namespace flotilla::config
