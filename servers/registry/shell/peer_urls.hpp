#pragma once
/// Which of the configured service URLs are peers, and which one is this registry itself.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace flotilla::registry {

struct OwnAddress {
    std::vector<std::string> hosts;  ///< names and addresses of this machine
    std::uint16_t port = 0;
    std::string url;  ///< `eureka.server.my-url`; when set, it alone decides
};

/// The URLs of all zones, each once, with a slash at the end, without our own. Unlike Eureka, two registries
/// on one host with different ports are two.
std::vector<std::string> peer_urls(
    const std::map<std::string, std::string>& service_url, const OwnAddress& own
);

}  // namespace flotilla::registry
