#include "flotilla/discovery/local_host.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace flotilla::discovery {

namespace {

std::string first_address() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return {};
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, &::freeifaddrs);
    for (const ifaddrs* each = list; each; each = each->ifa_next) {
        const bool usable = (each->ifa_flags & IFF_UP) != 0 && (each->ifa_flags & IFF_LOOPBACK) == 0;
        if (!usable || !each->ifa_addr || each->ifa_addr->sa_family != AF_INET) continue;
        std::array<char, INET_ADDRSTRLEN> text{};
        const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
        if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size())) return text.data();
    }
    return {};
}

bool resolves(const std::string& name) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const bool known = ::getaddrinfo(name.c_str(), nullptr, &hints, &found) == 0;
    if (known) ::freeaddrinfo(found);
    return known;
}

}  // namespace

std::string find_local_address() {
    std::string address = first_address();
    return address.empty() ? "127.0.0.1" : address;
}

LocalHost find_local_host() {
    LocalHost host;
    host.address = find_local_address();
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0) host.name = name.data();
    if (host.name.empty() || !resolves(host.name)) host.name = host.address;
    return host;
}

}  // namespace flotilla::discovery
