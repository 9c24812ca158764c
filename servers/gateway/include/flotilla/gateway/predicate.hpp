#pragma once
/// What decides whether a route is meant.

#include <memory>
#include <string>
#include <vector>

#include "flotilla/gateway/exchange.hpp"
#include "flotilla/gateway/host_pattern.hpp"
#include "flotilla/gateway/path_pattern.hpp"

namespace flotilla::gateway {

/// Immutable; called on all loops at once, and never waits.
class Predicate {
public:
    virtual ~Predicate() = default;

    [[nodiscard]] virtual bool test(Exchange& exchange) const = 0;

    /// For people: `Paths: [/a/**], match trailing slash: true`.
    [[nodiscard]] virtual std::string text() const = 0;

    // What an index may know of it. A route is only looked at when one of these could match; none: always.

    [[nodiscard]] virtual const std::vector<PathPattern>* paths() const { return nullptr; }

    [[nodiscard]] virtual const std::vector<HostPattern>* hosts() const { return nullptr; }

    [[nodiscard]] virtual const std::vector<std::string>* methods() const { return nullptr; }

protected:
    Predicate() = default;
    Predicate(const Predicate&) = default;
    Predicate& operator=(const Predicate&) = default;
};

using PredicatePtr = std::shared_ptr<const Predicate>;

}  // namespace flotilla::gateway
