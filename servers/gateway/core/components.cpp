#include "flotilla/gateway/components.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"

namespace flotilla::gateway {

namespace {

template <class Factories>
std::vector<std::string> names_of(const Factories& factories) {
    std::vector<std::string> names;
    for (const auto& [name, factory] : factories) names.push_back(name);
    return names;
}

Error unknown(std::string_view kind, const std::string& name, const std::vector<std::string>& there) {
    const auto near = nearest_word(name, there);
    return {
        Errc::invalid_argument,
        fmt::format(
            "{} '{}' is unknown{}; there are: {}",
            kind,
            name,
            near ? fmt::format(" (did you mean '{}'?)", *near) : "",
            join(there, ", ")
        )
    };
}

}  // namespace

Components Components::standard() {
    Components made;
    detail::add_predicates(made);
    detail::add_version_predicate(made);
    detail::add_path_filters(made);
    detail::add_header_filters(made);
    detail::add_location_filter(made);
    detail::add_answer_filters(made);
    detail::add_policy_filters(made);
    detail::add_rate_limit_filter(made);
    detail::add_cache_filter(made);
    detail::add_body_filters(made);
    detail::add_target_filters(made);
    detail::add_course_filters(made);
    return made;
}

Components& Components::filter(std::string name, ArgumentNames names, MakeFilter make) {
    filters_.insert_or_assign(std::move(name), Factory<MakeFilter>{std::move(names), std::move(make)});
    return *this;
}

Components& Components::predicate(std::string name, ArgumentNames names, MakePredicate make) {
    return predicate(
        std::move(name),
        std::move(names),
        [make = std::move(make)](const Arguments& args, const ComponentMeans&) { return make(args); }
    );
}

Components& Components::predicate(std::string name, ArgumentNames names, MakePredicateWith make) {
    predicates_.insert_or_assign(
        std::move(name), Factory<MakePredicateWith>{std::move(names), std::move(make)}
    );
    return *this;
}

Components& Components::key_resolver(std::string name, KeyResolver resolver) {
    key_resolvers_.insert_or_assign(std::move(name), std::move(resolver));
    return *this;
}

void Components::disable_filter(std::string_view name) {
    if (const auto found = filters_.find(name); found != filters_.end()) filters_.erase(found);
}

void Components::disable_predicate(std::string_view name) {
    if (const auto found = predicates_.find(name); found != predicates_.end()) predicates_.erase(found);
}

Result<FilterPtr> Components::make_filter(const ComponentDefinition& definition, const FilterScope& scope)
    const {
    const auto found = filters_.find(definition.name);
    if (found == filters_.end()) return fail(unknown("filter", definition.name, filter_names()));
    const auto within = [&](const Error& error) {
        return fail(error.within("filter '" + definition.name + "'"));
    };
    const auto args = Arguments::of(definition, found->second.names);
    if (!args) return within(args.error());
    auto made = found->second.make(*args, scope);
    if (!made) return within(made.error());
    return made;
}

Result<PredicatePtr> Components::make_predicate(
    const ComponentDefinition& definition, const ComponentMeans& means
) const {
    const auto found = predicates_.find(definition.name);
    if (found == predicates_.end()) return fail(unknown("predicate", definition.name, predicate_names()));
    const auto within = [&](const Error& error) {
        return fail(error.within("predicate '" + definition.name + "'"));
    };
    const auto args = Arguments::of(definition, found->second.names);
    if (!args) return within(args.error());
    auto made = found->second.make(*args, means);
    if (!made) return within(made.error());
    return made;
}

std::vector<std::string> Components::filter_names() const {
    return names_of(filters_);
}

std::vector<std::string> Components::predicate_names() const {
    return names_of(predicates_);
}

}  // namespace flotilla::gateway
