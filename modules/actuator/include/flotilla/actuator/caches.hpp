#pragma once
/// `/actuator/caches`: what is kept so that it need not be made or fetched again, and how to be rid of it.
///
///     actuator.caches().add({.name = "cities", .target = "lru<string,City>", .clear = [&] { … }});

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/base/result.hpp"

namespace flotilla::actuator {

struct NamedCache {
    std::string name{};
    std::string target{};  ///< its kind, for people
    std::function<void()> clear{};
    std::string manager = "cacheManager";
};

/// Safe from any thread. What `clear` refers to outlives the actuator.
class Caches {
public:
    void add(NamedCache cache);

    [[nodiscard]] Json json() const;
    /// An empty manager is any. A name that more than one of them has is an error, and a missing one none.
    [[nodiscard]] Result<std::optional<NamedCache>> find(std::string_view name, std::string_view manager = {})
        const;
    void clear_all();

private:
    mutable std::mutex mutex_;
    std::vector<NamedCache> caches_;
};

Endpoint caches_endpoint(Caches& caches);

}  // namespace flotilla::actuator
