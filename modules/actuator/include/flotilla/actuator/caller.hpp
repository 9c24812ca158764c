#pragma once
/// Who calls an endpoint, as far as an Authorizer has found out.

#include <algorithm>
#include <string>
#include <vector>

namespace flotilla::actuator {

/// What a caller needs for everything but health and info.
inline constexpr const char* endpoint_admin = "ENDPOINT_ADMIN";

struct Caller {
    std::string name;
    std::vector<std::string> authorities{};

    /// `ROLE_` in front of an authority does not count.
    [[nodiscard]] bool has(const std::string& authority) const {
        return std::ranges::any_of(authorities, [&](const std::string& own) {
            return own == authority || own == "ROLE_" + authority;
        });
    }

    /// One of them; anybody when none is asked for.
    [[nodiscard]] bool has_any(const std::vector<std::string>& roles) const {
        return roles.empty() || std::ranges::any_of(roles, [this](const auto& role) { return has(role); });
    }
};

}  // namespace flotilla::actuator
