#pragma once
/// A route that has been compiled: ready to match requests and to send them on.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/gateway/cors.hpp"
#include "flotilla/gateway/route_definition.hpp"
#include "flotilla/http/url.hpp"

namespace flotilla::gateway {

/// Where the requests of a route go. The path of the URI is ignored, as it always was.
struct RouteTarget {
    enum class Kind : std::uint8_t {
        fixed,     ///< `http://host:port`
        balanced,  ///< `lb://NAME`
        forward,   ///< `forward:/path`: handled by the gateway itself
        none,      ///< any other scheme: some filter has to answer
    };

    Kind kind = Kind::fixed;
    http::Url url{};
    std::string service{};  ///< of a balanced one, as written
    std::string path{};     ///< of a forward

    static Result<RouteTarget> parse(std::string_view uri);
};

/// Times that metadata sets: none where the gateway's own hold.
struct RouteTimes {
    std::optional<Duration> connect{};
    /// To the head of the answer. A negative one switches the gateway's own off: `Duration::max()` here.
    std::optional<Duration> response{};
};

/// Immutable; shared by all loops through its table.
class Route {
public:
    static Result<Route> compile(
        RouteDefinition definition,
        const std::vector<ComponentDefinition>& default_filters,
        const Components& components,
        const ComponentMeans& means
    );

    [[nodiscard]] const std::string& id() const noexcept { return definition_.id; }

    [[nodiscard]] const RouteDefinition& definition() const noexcept { return definition_; }

    [[nodiscard]] std::int32_t order() const noexcept { return definition_.order; }

    [[nodiscard]] const RouteTarget& target() const noexcept { return target_; }

    [[nodiscard]] const RouteTimes& times() const noexcept { return times_; }

    [[nodiscard]] const RoutePolicies& policies() const noexcept { return policies_; }

    [[nodiscard]] const std::vector<PredicatePtr>& predicates() const noexcept { return predicates_; }

    /// Whether all predicates hold.
    [[nodiscard]] bool matches(Exchange& exchange) const { return first_failed(exchange) == nullptr; }

    /// The first predicate that does not hold; null when all do. One that throws does not, and the request
    /// goes on to the next route.
    [[nodiscard]] const Predicate* first_failed(Exchange& exchange) const;

    /// Runs what comes before the call; false when a filter has answered.
    [[nodiscard]] bool before(Exchange& exchange) const;
    /// Runs what comes after it, for those filters whose turn it was.
    void after(Exchange& exchange, Answer& answer) const;

    /// Of its own `metadata.cors`, when it has one.
    [[nodiscard]] const std::optional<CorsRules>& cors() const noexcept { return cors_; }

    /// `metadata.lb.key`: equal ones go to one instance, where the balancer goes by keys. May be empty.
    [[nodiscard]] const KeyResolver& balance_key() const noexcept { return balance_key_; }

    /// As it was written, with the port that is meant: `http://a:80`, `lb://USER-SERVICE`.
    [[nodiscard]] const std::string& uri_text() const noexcept { return uri_text_; }

    /// For `/actuator/gateway/routes`.
    [[nodiscard]] Json to_json() const;

    /// Its number in the table: for meters.
    std::uint32_t index = 0;

private:
    struct Placed {
        FilterPtr filter;
        std::int32_t order = 0;
        std::size_t written = 0;  ///< default filters first
    };

    Result<void> read_metadata(const Components& components);

    RouteDefinition definition_;
    RouteTarget target_;
    RouteTimes times_;
    RoutePolicies policies_;
    std::vector<PredicatePtr> predicates_;
    std::vector<Placed> filters_;
    std::optional<CorsRules> cors_;
    KeyResolver balance_key_;
    std::string uri_text_;
};

}  // namespace flotilla::gateway
