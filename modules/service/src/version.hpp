#pragma once
// What was built, and the two texts that a service prints about itself.

#include <string>
#include <vector>

#include "flotilla/actuator/info.hpp"
#include "flotilla/service/property_docs.hpp"

namespace flotilla::service {

std::string version();
std::string revision();
std::string compiler();
/// For `/actuator/info`. The commit is Flotilla's, so only programs without a version of their own have it.
actuator::BuildDetails build_details(const std::string& name, const std::string& own_version);

/// `hello 1.2 (flotilla 0.1.0)`
std::string version_text(const std::string& name, const std::string& own_version);
/// `--help`: the properties of the service itself, then those that every service has.
std::string usage_text(const std::string& name, const std::vector<PropertyDoc>& own);

}  // namespace flotilla::service
