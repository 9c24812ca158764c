#pragma once
/// All routes, compiled and indexed: which one is meant by a request.
///
///     FLT_TRY(const auto table, RouteTable::compile(definitions, components, means));
///     const Route* route = table->find(exchange);

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/gateway/route.hpp"

namespace flotilla::gateway {

/// Immutable; shared by all loops, and kept by each request for as long as it runs. The first route in order
/// whose predicates all hold wins; an index by literal segments of the path and by host leaves few to be
/// asked.
class RouteTable {
public:
    struct Problem {
        std::string route;
        std::string message;
    };

    /// Fails on the first route that cannot be made, unless the definitions say that it is to be left out.
    static Result<std::shared_ptr<const RouteTable>> compile(
        const RouteDefinitions& definitions, const Components& components, const ComponentMeans& means
    );

    /// Notes the route in the exchange, with what it captured. Null when none matches.
    const Route* find(Exchange& exchange) const;
    /// The same by asking every route in turn: what `find` is measured by.
    const Route* find_linear(Exchange& exchange) const;

    /// In the order in which they are asked.
    [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

    /// Routes that were left out, and routes that no request can reach because an earlier one takes it all.
    [[nodiscard]] const std::vector<Problem>& problems() const noexcept { return problems_; }

private:
    using Numbers = std::vector<std::uint32_t>;

    struct Hash {
        using is_transparent = void;

        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };

    template <class Value>
    using ByText = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

    /// One literal segment after another; the routes whose literal beginning ends here.
    struct Node {
        ByText<std::uint32_t> children;
        Numbers any_host;
        ByText<Numbers> by_host;
    };

    RouteTable() = default;
    void share_weights();
    void build_index();
    void enter(const PathPattern* path, const std::vector<HostPattern>* hosts, std::uint32_t number);
    void note_shadowed();

    std::vector<Route> routes_;
    std::vector<Node> nodes_;
    bool has_hosts_ = false;
    std::vector<Problem> problems_;
};

}  // namespace flotilla::gateway
