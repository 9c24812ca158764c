#include "flotilla/runtime/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>

#include "flotilla/base/url_text.hpp"

namespace flotilla::runtime {

namespace {

template <class Address>
Address read_as(const sockaddr_storage& storage) noexcept {
    Address address;
    std::memcpy(&address, &storage, sizeof address);
    return address;
}

template <class Address>
void write_as(sockaddr_storage& storage, const Address& address) noexcept {
    storage = {};
    std::memcpy(&storage, &address, sizeof address);
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view address, std::uint16_t port) {
    std::string text(address);
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    Endpoint endpoint;
    sockaddr_in v4{};
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        write_as(endpoint.storage_, v4);
        return endpoint;
    }
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        write_as(endpoint.storage_, v6);
        return endpoint;
    }
    return fail(Errc::invalid_argument, fmt::format("'{}' is no IP address", address));
}

Endpoint Endpoint::from(const sockaddr_storage& address) noexcept {
    Endpoint endpoint;
    endpoint.storage_ = address;
    if (address.ss_family == AF_INET6) {
        const auto v6 = read_as<sockaddr_in6>(address);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            sockaddr_in v4{};
            v4.sin_family = AF_INET;
            v4.sin_port = v6.sin6_port;
            std::memcpy(&v4.sin_addr, &v6.sin6_addr.s6_addr[12], 4);
            write_as(endpoint.storage_, v4);
        }
    }
    return endpoint;
}

std::uint16_t Endpoint::port() const noexcept {
    return ntohs(
        is_v6() ? read_as<sockaddr_in6>(storage_).sin6_port : read_as<sockaddr_in>(storage_).sin_port
    );
}

void Endpoint::set_port(std::uint16_t port) noexcept {
    if (is_v6()) {
        auto v6 = read_as<sockaddr_in6>(storage_);
        v6.sin6_port = htons(port);
        write_as(storage_, v6);
    } else {
        auto v4 = read_as<sockaddr_in>(storage_);
        v4.sin_port = htons(port);
        write_as(storage_, v4);
    }
}

bool Endpoint::is_loopback() const noexcept {
    if (is_v6()) {
        const auto v6 = read_as<sockaddr_in6>(storage_);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
    }
    return (ntohl(read_as<sockaddr_in>(storage_).sin_addr.s_addr) >> 24) == 127;
}

std::string Endpoint::address() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v6()) {
        const auto v6 = read_as<sockaddr_in6>(storage_);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
        return text.data();
    }
    // A proxy says it with every request: without the detour over printf.
    const auto v4 = read_as<sockaddr_in>(storage_);
    const std::uint32_t bits = ntohl(v4.sin_addr.s_addr);
    char* end = text.data();
    for (int shift = 24; shift >= 0; shift -= 8) {
        end = std::to_chars(end, text.data() + text.size(), (bits >> shift) & 0xff).ptr;
        *end++ = '.';
    }
    return {text.data(), end - 1};
}

std::string Endpoint::text() const {
    return host_and_port(address(), port());
}

socklen_t Endpoint::size() const noexcept {
    return is_v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

bool operator==(const Endpoint& a, const Endpoint& b) noexcept {
    return a.storage_.ss_family == b.storage_.ss_family && a.size() == b.size() &&
           std::memcmp(&a.storage_, &b.storage_, a.size()) == 0;
}

}  // namespace flotilla::runtime
