#pragma once
/// Health as a value: a status with details, or a tree of them; and the rules by which statuses are compared.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/http/status.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::actuator {

using reflect::Json;

/// The statuses that everybody knows. A status is a text: contributors may have others.
namespace status {
inline constexpr std::string_view up = "UP";
inline constexpr std::string_view down = "DOWN";
inline constexpr std::string_view out_of_service = "OUT_OF_SERVICE";
inline constexpr std::string_view unknown = "UNKNOWN";
}  // namespace status

/// What one contributor says, or several together.
struct Health {
    struct Component;

    std::string status{status::unknown};
    std::string description{};
    Json details{};  ///< an object, or null
    std::vector<Component> components;
    /// Its status is that of its components, even when there are none.
    bool composite = false;

    static Health up(Json details = {});
    static Health unknown(Json details = {});
    static Health out_of_service(Json details = {});
    /// With `details.error`.
    static Health down(std::string_view error);
    /// Its status is that of the components, by the rules of whoever asks.
    static Health of(std::vector<Component> components);
};

struct Health::Component {
    std::string name;
    Health health;
};

/// Which status wins, and what it is in HTTP. Codes are compared without case and punctuation.
struct StatusRules {
    std::vector<std::string> order{"DOWN", "OUT_OF_SERVICE", "UP", "UNKNOWN"};
    std::map<std::string, int> http_mapping{{"DOWN", 503}, {"OUT_OF_SERVICE", 503}};

    /// The first of `order` among the statuses; those that are not in it do not count. UNKNOWN when none is
    /// left.
    [[nodiscard]] std::string aggregate(const std::vector<std::string>& statuses) const;
    /// 200 for what is not mapped.
    [[nodiscard]] http::Status http_status(std::string_view code) const;
};

/// Gives every composite in the tree the aggregate of its components, deepest first.
void aggregate_tree(Health& health, const StatusRules& rules);

/// Which parts of the tree are written.
struct HealthView {
    bool components = false;
    bool details = false;
    /// How the member that holds the components is called: version 2 of the API has `details`.
    std::string_view components_key = "components";
};

/// As `/actuator/health` has it; components sorted by name.
Json health_json(const Health& health, const HealthView& view);

}  // namespace flotilla::actuator
