#pragma once
/// Who calls an endpoint, as far as an Authorizer has found out, and what that one may see.

#include <algorithm>
#include <optional>
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

/// When details are shown, or values.
enum class Show { never, when_authorized, always };

/// Authorized is who has one of the roles.
[[nodiscard]] inline bool allows(
    Show show, const std::vector<std::string>& roles, const std::optional<Caller>& caller
) {
    return show == Show::always || (show == Show::when_authorized && caller && caller->has_any(roles));
}

}  // namespace flotilla::actuator
