#pragma once
/// Host names to addresses, without blocking a loop.

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "flotilla/runtime/endpoint.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::runtime {

struct ResolverConfig {
    Duration time_to_live = std::chrono::seconds(30);          ///< of a found name
    Duration negative_time_to_live = std::chrono::seconds(5);  ///< of a name that does not exist
    std::size_t capacity = 1024;                               ///< names kept; the least recently used leaves
};

/// Asks the system's resolver on the blocking pool and keeps the answers. One for all loops; thread-safe.
class Resolver {
public:
    using Lookup = std::function<Result<std::vector<Endpoint>>(const std::string& host)>;

    /// `lookup` is what asks the system; tests give their own.
    explicit Resolver(Runtime& runtime, ResolverConfig config = {}, Lookup lookup = system_lookup);

    /// At least one address, in the order of preference. A numeric address is answered at once.
    Task<Result<std::vector<Endpoint>>> resolve(std::string host, std::uint16_t port, Deadline deadline = {});
    void clear();

    static Result<std::vector<Endpoint>> system_lookup(const std::string& host);

private:
    struct Entry {
        Result<std::vector<Endpoint>> answer;
        TimePoint expires;
        std::list<std::string>::iterator recency;
    };

    std::optional<Result<std::vector<Endpoint>>> cached(const std::string& host, TimePoint now);
    void remember(const std::string& host, const Result<std::vector<Endpoint>>& answer, TimePoint now);

    Runtime& runtime_;
    const ResolverConfig config_;
    const Lookup lookup_;
    std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
    std::list<std::string> recency_;  // most recent first
};

}  // namespace flotilla::runtime
