#include <memory>
#include <set>
#include <utility>

#include "flotilla/metrics/filter.hpp"

namespace flotilla::metrics::filters {

Predicate name_starts_with(std::string prefix) {
    return [prefix = std::move(prefix)](const MeterId& id) { return id.name.starts_with(prefix); };
}

Filter common_tags(Tags tags) {
    return {.map = [tags = std::move(tags)](MeterId id) {
        // A meter's own value wins over the common one.
        id.tags = tags.with(id.tags);
        return id;
    }};
}

Filter rename_tag(std::string name_prefix, std::string from, std::string to) {
    return {.map = [=](MeterId id) {
        if (id.name.starts_with(name_prefix)) {
            if (const auto value = id.tags.find(from)) {
                const std::string kept(*value);
                id.tags = id.tags.without(from).with(to, kept);
            }
        }
        return id;
    }};
}

Filter ignore_tags(std::vector<std::string> keys) {
    return {.map = [keys = std::move(keys)](MeterId id) {
        for (const std::string& key : keys) id.tags = id.tags.without(key);
        return id;
    }};
}

Filter replace_tag_values(
    std::string key, std::function<std::string(std::string_view)> replacement, std::vector<std::string> except
) {
    return {.map = [=](MeterId id) {
        const auto value = id.tags.find(key);
        if (!value) return id;
        for (const std::string& kept : except) {
            if (*value == kept) return id;
        }
        id.tags = id.tags.with(key, replacement(*value));
        return id;
    }};
}

Filter accept(Predicate when) {
    return {.accept = [when = std::move(when)](const MeterId& id) {
        return when(id) ? Decision::accept : Decision::neutral;
    }};
}

Filter deny(Predicate when) {
    return {.accept = [when = std::move(when)](const MeterId& id) {
        return when(id) ? Decision::deny : Decision::neutral;
    }};
}

Filter deny_unless(Predicate when) {
    return {.accept = [when = std::move(when)](const MeterId& id) {
        return when(id) ? Decision::neutral : Decision::deny;
    }};
}

Filter minimum_expected(std::string name_prefix, double value) {
    return {.configure = [=](const MeterId& id, DistributionConfig& config) {
        if (id.name.starts_with(name_prefix)) config.minimum_expected = value;
    }};
}

Filter maximum_expected(std::string name_prefix, double value) {
    return {.configure = [=](const MeterId& id, DistributionConfig& config) {
        if (id.name.starts_with(name_prefix)) config.maximum_expected = value;
    }};
}

Filter maximum_allowable_metrics(std::size_t count) {
    auto seen = std::make_shared<std::set<std::pair<std::string, Tags>>>();
    return {.accept = [=](const MeterId& id) {
        const std::pair key(id.name, id.tags);
        if (seen->contains(key)) return Decision::neutral;
        if (seen->size() >= count) return Decision::deny;
        seen->insert(key);
        return Decision::neutral;
    }};
}

Filter maximum_allowable_tags(
    std::string name_prefix, std::string key, std::size_t count, Filter on_maximum
) {
    auto seen = std::make_shared<std::set<std::string, std::less<>>>();
    const auto beyond = [=](const MeterId& id) {
        if (!id.name.starts_with(name_prefix)) return false;
        const auto value = id.tags.find(key);
        if (!value || seen->contains(*value)) return false;
        if (seen->size() >= count) return true;
        seen->emplace(*value);
        return false;
    };
    const auto also_beyond = [=](const MeterId& id) {
        const auto value = id.tags.find(key);
        return id.name.starts_with(name_prefix) && value && !seen->contains(*value);
    };
    return {
        .accept = [=](const MeterId& id
                  ) { return beyond(id) && on_maximum.accept ? on_maximum.accept(id) : Decision::neutral; },
        .configure =
            [=](const MeterId& id, DistributionConfig& config) {
                if (also_beyond(id) && on_maximum.configure) on_maximum.configure(id, config);
            }
    };
}

Filter for_meters(Predicate which, Filter filter) {
    return {
        .map =
            [=](MeterId id) {
                if (!filter.map || !which(id)) return id;
                return filter.map(std::move(id));
            },
        .accept = [=](const MeterId& id
                  ) { return filter.accept && which(id) ? filter.accept(id) : Decision::neutral; },
        .configure =
            [=](const MeterId& id, DistributionConfig& config) {
                if (filter.configure && which(id)) filter.configure(id, config);
            }
    };
}

}  // namespace flotilla::metrics::filters
