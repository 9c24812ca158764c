#pragma once
// Addresses of upstreams, resolved and kept.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flotilla/discovery/cluster.hpp"
#include "flotilla/http/url.hpp"
#include "flotilla/proxy/upstream.hpp"
#include "flotilla/runtime/resolver.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::gateway {

/// Where a call goes to.
struct Place {
    std::string_view host;
    std::uint16_t port = 0;
    bool secure = false;
};

/// The URL's own place, or that of the instance that was chosen. Valid as long as both.
Place place_of(const http::Url& url, const discovery::Lease& lease);

using UpstreamPtr = std::shared_ptr<const proxy::Upstream>;

/// Each loop has its own, so that the usual request takes no lock and makes no string.
class Upstreams {
public:
    explicit Upstreams(runtime::Runtime& runtime);

    /// One that is known already; null otherwise.
    UpstreamPtr find(std::string_view host, std::uint16_t port, bool secure, TimePoint now);
    /// Asks for the address.
    Task<Result<UpstreamPtr>> resolve(std::string host, std::uint16_t port, bool secure, Deadline deadline);

private:
    struct Key {
        std::string_view host;
        std::uint16_t port = 0;
        bool secure = false;

        friend bool operator==(const Key&, const Key&) = default;
    };

    struct Hash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<std::string_view>()(key.host) * 31 + key.port * 2U + (key.secure ? 1U : 0U);
        }
    };

    struct Entry {
        std::unique_ptr<const std::string> host;  // what the key points to
        UpstreamPtr upstream;
        TimePoint good_until;  // an address given as such never changes
    };

    using Map = std::unordered_map<Key, Entry, Hash>;

    struct alignas(64) Shard {
        Map map;
    };

    runtime::Runtime& runtime_;
    runtime::Resolver resolver_;
    std::vector<Shard> shards_;
};

}  // namespace flotilla::gateway
