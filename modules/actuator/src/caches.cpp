#include "flotilla/actuator/caches.hpp"

#include <fmt/format.h>

#include <utility>

namespace flotilla::actuator {

namespace {

Result<std::optional<NamedCache>> asked_for(const Caches& caches, const Call& call) {
    const std::string* manager = call.query_parameter("cacheManager");
    return caches.find(call.selector("cache"), manager ? std::string_view(*manager) : std::string_view());
}

Answer one_cache(const Caches& caches, const Call& call) {
    const auto found = asked_for(caches, call);
    if (!found) return Answer::bad_request(found.error().message());
    if (!*found) return Answer::empty(http::Status::not_found);
    const NamedCache& cache = **found;
    return Answer::of(
        Json::object({{"target", cache.target}, {"name", cache.name}, {"cacheManager", cache.manager}})
    );
}

Answer clear_one(const Caches& caches, const Call& call) {
    const auto found = asked_for(caches, call);
    if (!found) return Answer::bad_request(found.error().message());
    if (!*found) return Answer::empty(http::Status::not_found);
    if (const auto& clear = (*found)->clear) clear();
    return Answer::none();
}

}  // namespace

void Caches::add(NamedCache cache) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(caches_, [&](const NamedCache& known) {
        return known.name == cache.name && known.manager == cache.manager;
    });
    caches_.push_back(std::move(cache));
}

Json Caches::json() const {
    Json managers = Json::object();
    const std::scoped_lock lock(mutex_);
    for (const NamedCache& cache : caches_)
        managers[cache.manager]["caches"][cache.name] = Json::object({{"target", cache.target}});
    return Json::object({{"cacheManagers", std::move(managers)}});
}

Result<std::optional<NamedCache>> Caches::find(std::string_view name, std::string_view manager) const {
    std::optional<NamedCache> found;
    const std::scoped_lock lock(mutex_);
    for (const NamedCache& cache : caches_) {
        if (cache.name != name || (!manager.empty() && cache.manager != manager)) continue;
        if (found)
            return fail(
                Errc::conflict,
                fmt::format(
                    "Unable to find unique cache '{}': managers {} and {} have one",
                    name,
                    found->manager,
                    cache.manager
                )
            );
        found = cache;
    }
    return found;
}

void Caches::clear_all() {
    std::vector<NamedCache> all;
    {
        const std::scoped_lock lock(mutex_);
        all = caches_;
    }
    for (const NamedCache& cache : all)
        if (cache.clear) cache.clear();
}

Endpoint caches_endpoint(Caches& caches) {
    Endpoint endpoint{.id = "caches"};
    const auto add = [&](Verb verb, std::string path, Operation::Function run) {
        endpoint.operations.push_back({.verb = verb, .path = std::move(path), .run = std::move(run)});
    };
    add(Verb::read, "", [&caches](const Call&) { return Answer::of(caches.json()); });
    add(Verb::read, "/{cache}", [&caches](const Call& call) { return one_cache(caches, call); });
    add(Verb::remove, "", [&caches](const Call&) {
        caches.clear_all();
        return Answer::none();
    });
    add(Verb::remove, "/{cache}", [&caches](const Call& call) { return clear_one(caches, call); });
    return endpoint;
}

}  // namespace flotilla::actuator
