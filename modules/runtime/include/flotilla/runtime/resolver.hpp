#pragma once
/// Host names to addresses, without blocking a loop.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/runtime/endpoint.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::runtime {

struct ResolverConfig {
    Duration time_to_live = std::chrono::seconds(30);          ///< of a found name
    Duration negative_time_to_live = std::chrono::seconds(5);  ///< of a name that does not exist
    std::size_t capacity = 1024;                               ///< names kept; the least recently used leaves
};

/// Asks the system's resolver on the blocking pool and keeps the answers. Who asks for a name that is being
/// looked up waits for that answer. One for all loops; thread-safe. It may die while a lookup runs.
class Resolver {
public:
    using Lookup = std::function<Result<std::vector<Endpoint>>(const std::string& host)>;

    /// `lookup` is what asks the system; tests give their own.
    explicit Resolver(Runtime& runtime, ResolverConfig config = {}, Lookup lookup = system_lookup);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// At least one address, in the order of preference. A numeric address is answered at once.
    Task<Result<std::vector<Endpoint>>> resolve(std::string host, std::uint16_t port, Deadline deadline = {});
    void clear();

    static Result<std::vector<Endpoint>> system_lookup(const std::string& host);

private:
    struct Cache;

    Runtime& runtime_;
    std::shared_ptr<Cache> cache_;
};

}  // namespace flotilla::runtime
