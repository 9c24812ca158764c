#pragma once
/// `/actuator/health`: the registry's answers as a caller may see them, whole, by group or by component.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/actuator/caller.hpp"
#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/actuator/health.hpp"
#include "flotilla/actuator/health_registry.hpp"
#include "flotilla/base/result.hpp"

namespace flotilla::actuator {

/// What holds for the whole, or for a group.
struct HealthRules {
    StatusRules status{};
    Show show_details = Show::never;
    std::optional<Show> show_components{};  ///< as details, unless given
    std::vector<std::string> roles{};       ///< who is authorized; empty: everybody who is authenticated

    [[nodiscard]] bool shows_details(const std::optional<Caller>& caller) const;
    [[nodiscard]] bool shows_components(const std::optional<Caller>& caller) const;
};

/// A named choice of contributors: `a`, `a/b` for one inside another, `*` for all.
struct HealthGroup {
    std::vector<std::string> include{};
    std::vector<std::string> exclude{};
    HealthRules rules{};
    /// `server:/readyz` or `management:/readyz`: where it answers besides; one segment.
    std::string additional_path{};

    [[nodiscard]] bool includes(std::string_view path) const;
};

class HealthEndpoint {
public:
    using Groups = std::map<std::string, HealthGroup, std::less<>>;

    /// `registry` outlives it.
    HealthEndpoint(const HealthRegistry& registry, HealthRules rules, Groups groups);

    /// An error that names a member that no contributor has. Nested ones (`a/b`) are known when they answer.
    [[nodiscard]] Result<void> check_groups() const;

    [[nodiscard]] const Groups& groups() const noexcept { return groups_; }

    /// `path` is what follows `/health/`: nothing, a component, a group, a component of a group.
    [[nodiscard]] Task<Answer> read(std::string path, const Call& call) const;
    /// A group on a path of its own: no components below it.
    [[nodiscard]] Task<Answer> read_group(std::string name, const Call& call) const;

    [[nodiscard]] Endpoint endpoint() const;

private:
    [[nodiscard]] Task<Answer> read_part(
        const HealthGroup* group, std::vector<std::string> path, const Call& call
    ) const;
    [[nodiscard]] Answer render(
        Health whole, const HealthGroup* group, const std::vector<std::string>& path, const Call& call
    ) const;

    const HealthRegistry& registry_;
    const HealthRules rules_;
    const Groups groups_;
};

}  // namespace flotilla::actuator
