#pragma once
/// The predicates and filters that a route file can name. All that there are stand in one list; a `main` of
/// your own adds to it:
///
///     Components components = Components::standard();
///     components.filter("AddTeam", {}, [](const Arguments&, const FilterScope&) -> Result<FilterPtr> {
///         return std::make_shared<AddTeam>();
///     });

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/crypto/jwt.hpp"
#include "flotilla/gateway/arguments.hpp"
#include "flotilla/gateway/filter.hpp"
#include "flotilla/gateway/predicate.hpp"
#include "flotilla/gateway/rate_limit.hpp"
#include "flotilla/gateway/verified_tokens.hpp"
#include "flotilla/log/logger.hpp"

namespace flotilla::gateway {

/// How `token.*` says that tokens are checked.
struct TokenCheck {
    std::shared_ptr<const crypto::JwtVerifier> verifier;
    /// The body of the 401.
    std::string refusal = "The requested token is invalid.";
    /// Those that have passed before.
    std::shared_ptr<VerifiedTokens> passed = std::make_shared<VerifiedTokens>();
};

class ApiVersions;

/// What predicates and filters may need from outside. All of it outlives them.
struct ComponentMeans {
    /// Filters that log do it here.
    log::Logger log = {};
    /// Null: a route with `AuthorizationHeaderFilter` does not load.
    std::shared_ptr<const TokenCheck> tokens = {};
    /// Settings of a filter for all routes, by the name behind `spring.cloud.gateway.`:
    /// `filter.secure-headers.disable`. Empty texts where there are none.
    std::function<std::string(std::string_view)> setting = {};
    /// How requests say which version of an API they want. Null: a route with `Version` does not load.
    std::shared_ptr<ApiVersions> versions = {};
    /// Keeps answers of routes that have no cache of their own. Null: nothing does.
    std::shared_ptr<AnswerCache> answer_cache = {};
};

class Components;

/// The route that a filter is made for.
struct FilterScope {
    const RouteDefinition& route;
    const ComponentMeans& means;
    const Components& components;

    /// See ComponentMeans.
    [[nodiscard]] std::string setting(std::string_view name) const {
        return means.setting ? means.setting(name) : std::string();
    }
};

using MakeFilter = std::function<Result<FilterPtr>(const Arguments&, const FilterScope&)>;
using MakePredicate = std::function<Result<PredicatePtr>(const Arguments&)>;
/// For one that needs something from outside.
using MakePredicateWith = std::function<Result<PredicatePtr>(const Arguments&, const ComponentMeans&)>;

class Components {
public:
    /// None at all.
    Components() = default;

    /// Those of docs/gateway.md.
    static Components standard();

    /// One of that name is replaced.
    Components& filter(std::string name, ArgumentNames names, MakeFilter make);
    Components& predicate(std::string name, ArgumentNames names, MakePredicate make);
    Components& predicate(std::string name, ArgumentNames names, MakePredicateWith make);
    /// `key-resolver: "#{@name}"`.
    Components& key_resolver(std::string name, KeyResolver resolver);
    /// As if it were not there.
    void disable_filter(std::string_view name);
    void disable_predicate(std::string_view name);

    /// Errors say what there is.
    [[nodiscard]] Result<FilterPtr> make_filter(
        const ComponentDefinition& definition, const FilterScope& scope
    ) const;
    [[nodiscard]] Result<PredicatePtr> make_predicate(
        const ComponentDefinition& definition, const ComponentMeans& means
    ) const;

    [[nodiscard]] bool has_filter(std::string_view name) const { return filters_.contains(name); }

    [[nodiscard]] bool has_predicate(std::string_view name) const { return predicates_.contains(name); }

    [[nodiscard]] std::vector<std::string> filter_names() const;
    [[nodiscard]] std::vector<std::string> predicate_names() const;

    /// `principal`, `remoteAddr`, `path`, `host`, `header:NAME`, `jwt:CLAIM`, or one that was added.
    [[nodiscard]] Result<KeyResolver> make_key_resolver(std::string name) const;

private:
    template <class Make>
    struct Factory {
        ArgumentNames names;
        Make make;
    };

    std::map<std::string, Factory<MakeFilter>, std::less<>> filters_;
    std::map<std::string, Factory<MakePredicateWith>, std::less<>> predicates_;
    std::map<std::string, KeyResolver, std::less<>> key_resolvers_;
};

namespace detail {

// The parts of `standard`, one for each source file.
void add_predicates(Components& to);
void add_version_predicate(Components& to);
void add_path_filters(Components& to);
void add_header_filters(Components& to);
void add_location_filter(Components& to);
void add_answer_filters(Components& to);
void add_policy_filters(Components& to);
void add_rate_limit_filter(Components& to);
void add_cache_filter(Components& to);
void add_body_filters(Components& to);
void add_target_filters(Components& to);
void add_course_filters(Components& to);

}  // namespace detail

}  // namespace flotilla::gateway
