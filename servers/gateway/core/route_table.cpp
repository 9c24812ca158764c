#include "flotilla/gateway/route_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <span>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/weight.hpp"

namespace flotilla::gateway {

namespace {

using Numbers = std::span<const std::uint32_t>;

/// Several ascending lists as one: a path has few segments, so there are few of them.
class Candidates {
public:
    void add(Numbers list) {
        if (!list.empty() && count_ < lists_.size())
            lists_[count_++] = {list.data(), list.data() + list.size()};
    }

    /// The smallest number that is left; false at the end. A number that is in two lists comes once.
    bool next(std::uint32_t& number) {
        number = std::numeric_limits<std::uint32_t>::max();
        for (std::size_t i = 0; i < count_; ++i)
            if (lists_[i].at != lists_[i].end) number = std::min(number, *lists_[i].at);
        if (number == std::numeric_limits<std::uint32_t>::max()) return false;
        for (std::size_t i = 0; i < count_; ++i)
            if (lists_[i].at != lists_[i].end && *lists_[i].at == number) ++lists_[i].at;
        return true;
    }

    static constexpr std::size_t levels = 32;

private:
    struct Rest {
        const std::uint32_t* at;
        const std::uint32_t* end;
    };

    std::array<Rest, levels * 3> lists_;  // as many as are counted: a request does not pay for the others
    std::size_t count_ = 0;
};

const Predicate* first_with_paths(const Route& route) {
    for (const auto& predicate : route.predicates())
        if (predicate->paths()) return predicate.get();
    return nullptr;
}

const std::vector<HostPattern>* literal_hosts(const Route& route) {
    for (const auto& predicate : route.predicates())
        if (const auto* hosts = predicate->hosts())
            if (std::ranges::all_of(*hosts, &HostPattern::is_literal)) return hosts;
    return nullptr;
}

enum class Overlap : std::uint8_t { none, partial, whole };

/// How much of what is left for `later`, whose paths `earlier` covers, is taken by `earlier`: as far as can
/// be told from methods, and from other predicates that read the same.
Overlap other_demands(const Route& earlier, const Route& later) {
    Overlap overlap = Overlap::whole;
    for (const auto& predicate : earlier.predicates()) {
        if (predicate->paths()) continue;
        const auto same = [&](const PredicatePtr& other) { return other->text() == predicate->text(); };
        if (std::ranges::any_of(later.predicates(), same)) continue;
        const auto* taken = predicate->methods();
        if (!taken) return Overlap::none;
        const std::vector<std::string>* wanted = nullptr;
        for (const auto& other : later.predicates())
            if (other->methods()) wanted = other->methods();
        if (!wanted) return Overlap::none;  // it is there for the other methods
        const auto is_taken = [&](const std::string& method) {
            return std::ranges::find(*taken, method) != taken->end();
        };
        if (std::ranges::none_of(*wanted, is_taken)) return Overlap::none;
        if (!std::ranges::all_of(*wanted, is_taken)) overlap = Overlap::partial;
    }
    return overlap;
}

}  // namespace

Result<std::shared_ptr<const RouteTable>> RouteTable::compile(
    const RouteDefinitions& definitions, const Components& components, const ComponentMeans& means
) {
    const auto made = std::shared_ptr<RouteTable>(new RouteTable());
    made->routes_.reserve(definitions.routes.size());
    for (const RouteDefinition& definition : definitions.routes) {
        if (!definition.enabled) continue;
        auto route = Route::compile(definition, definitions.default_filters, components, means);
        if (route) {
            made->routes_.push_back(*std::move(route));
            continue;
        }
        if (definitions.fail_on_error) return fail(route.error());
        made->problems_.push_back({definition.id, route.error().message() + ": the route is left out"});
    }
    // Ties stay as declared.
    for (std::uint32_t i = 0; i < made->routes_.size(); ++i) made->routes_[i].index = i;
    std::ranges::sort(made->routes_, {}, [](const Route& route) {
        return std::pair(route.order(), route.index);
    });
    for (std::uint32_t i = 0; i < made->routes_.size(); ++i) made->routes_[i].index = i;
    made->share_weights();
    made->build_index();
    made->note_shadowed();
    return made;
}

void RouteTable::share_weights() {
    struct Group {
        double total = 0;
        double used = 0;
        std::uint32_t number = 0;
        std::vector<const WeightPredicate*> members;
    };

    std::map<std::string, Group, std::less<>> groups;
    for (const Route& route : routes_) {
        for (const auto& predicate : route.predicates()) {
            const auto* weight = dynamic_cast<const WeightPredicate*>(predicate.get());
            if (!weight) continue;
            Group& group = groups.try_emplace(weight->group()).first->second;
            group.total += weight->weight();
            group.members.push_back(weight);
        }
    }
    std::uint32_t number = 0;
    for (auto& [name, group] : groups) {
        group.number = number++;
        for (const WeightPredicate* member : group.members) {
            const double from = group.total > 0 ? group.used / group.total : 0;
            group.used += member->weight();
            const double to = group.total > 0 ? group.used / group.total : 0;
            member->assign(group.number, from, to);
        }
    }
}

void RouteTable::build_index() {
    nodes_.emplace_back();
    for (const Route& route : routes_) {
        const auto* hosts = literal_hosts(route);
        has_hosts_ = has_hosts_ || hosts;
        const Predicate* by_path = first_with_paths(route);
        if (!by_path) {
            enter(nullptr, hosts, route.index);
            continue;
        }
        for (const PathPattern& pattern : *by_path->paths()) enter(&pattern, hosts, route.index);
    }
}

void RouteTable::enter(const PathPattern* path, const std::vector<HostPattern>* hosts, std::uint32_t number) {
    std::uint32_t at = 0;
    const std::size_t literals = path ? std::min(path->literal_segments(), Candidates::levels - 2) : 0;
    for (std::size_t i = 0; i < literals; ++i) {
        const std::string_view segment = path->literal(i);
        // A last empty segment is a trailing slash, which may or may not be there.
        if (segment.empty() && i + 1 == literals) break;
        const auto [child, added] =
            nodes_[at].children.try_emplace(std::string(segment), static_cast<std::uint32_t>(nodes_.size()));
        at = child->second;
        if (added) nodes_.emplace_back();
    }
    const auto put = [number](std::vector<std::uint32_t>& list) {
        if (list.empty() || list.back() != number) list.push_back(number);
    };
    if (!hosts) {
        put(nodes_[at].any_host);
        return;
    }
    for (const HostPattern& host : *hosts) put(nodes_[at].by_host[host.lower()]);
}

const Route* RouteTable::find(Exchange& exchange) const {
    Candidates candidates;
    std::string_view host;
    std::string_view bare;
    if (has_hosts_) {
        const std::string_view sent = exchange.host();
        char* const lower = exchange.arena().room(sent.size() + 1);
        std::ranges::transform(sent, lower, ascii_lower);
        host = {lower, sent.size()};
        bare = host.empty() ? host : host_without_port(host);
    }
    const auto gather = [&](const Node& node) {
        candidates.add(node.any_host);
        if (node.by_host.empty()) return;
        if (const auto found = node.by_host.find(host); found != node.by_host.end())
            candidates.add(found->second);
        if (bare.size() == host.size()) return;
        if (const auto found = node.by_host.find(bare); found != node.by_host.end())
            candidates.add(found->second);
    };
    const Node* node = nodes_.data();
    gather(*node);
    for (const std::string_view segment : exchange.request_path().segments()) {
        const auto child = node->children.find(segment);
        if (child == node->children.end()) break;
        node = &nodes_[child->second];
        gather(*node);
    }
    for (std::uint32_t number = 0; candidates.next(number);) {
        const Route& route = routes_[number];
        if (!route.matches(exchange)) continue;
        exchange.set_route(&route);
        return &route;
    }
    return nullptr;
}

const Route* RouteTable::find_linear(Exchange& exchange) const {
    for (const Route& route : routes_) {
        if (!route.matches(exchange)) continue;
        exchange.set_route(&route);
        return &route;
    }
    return nullptr;
}

void RouteTable::note_shadowed() {
    // A route that asks for paths alone takes every request of those paths; what stands behind it with
    // narrower paths is never reached. Routes whose other predicates are the same text count too. Only the
    // start looks for it, and only among routes with the same first literal.
    std::map<std::string, std::vector<const Route*>, std::less<>> by_first;
    for (const Route& route : routes_) {
        const Predicate* later = first_with_paths(route);
        if (!later) continue;
        const PathPattern& first = later->paths()->front();
        auto& before = by_first[first.literal_segments() > 0 ? std::string(first.literal(0)) : std::string()];
        for (const Route* earlier : before) {
            const auto* wide = first_with_paths(*earlier)->paths();
            const bool covered = std::ranges::all_of(*later->paths(), [&](const PathPattern& narrow) {
                return std::ranges::any_of(*wide, [&](const PathPattern& one) { return one.covers(narrow); });
            });
            if (!covered) continue;
            const Overlap overlap = other_demands(*earlier, route);
            if (overlap == Overlap::none) continue;
            problems_.push_back(
                {route.id(),
                 fmt::format(
                     "route '{}' ({}) is {}never reached: '{}' ({}) stands before it",
                     route.id(),
                     later->text(),
                     overlap == Overlap::partial ? "for some methods " : "",
                     earlier->id(),
                     first_with_paths(*earlier)->text()
                 )}
            );
            break;
        }
        if (before.size() < 64) before.push_back(&route);
    }
}

}  // namespace flotilla::gateway
