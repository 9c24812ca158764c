#pragma once
/// Profiles: which are active, and expressions over them.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::config {

/// Whether an expression such as `dev & !(cloud | test)` holds for the active profiles. Mixing `&` and `|`
/// needs parentheses, as in Spring. Commas separate alternatives; an empty expression always holds.
Result<bool> profiles_match(std::string_view expression, const std::vector<std::string>& active);

/// Each profile, then at once the members of its group, without repetition.
std::vector<std::string> expand_profiles(
    const std::vector<std::string>& profiles, const std::map<std::string, std::vector<std::string>>& groups
);

}  // namespace flotilla::config
