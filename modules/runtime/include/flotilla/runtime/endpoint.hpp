#pragma once
/// An IP address and a port.

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::runtime {

/// A value; IPv4 or IPv6. An IPv4 address mapped into IPv6 is kept as IPv4.
class Endpoint {
public:
    Endpoint() noexcept = default;

    /// `address` is a numeric IPv4 or IPv6 address, the latter with or without brackets.
    static Result<Endpoint> parse(std::string_view address, std::uint16_t port);
    static Endpoint from(const sockaddr_storage& address) noexcept;

    [[nodiscard]] std::uint16_t port() const noexcept;
    void set_port(std::uint16_t port) noexcept;

    [[nodiscard]] bool is_v6() const noexcept { return storage_.ss_family == AF_INET6; }

    [[nodiscard]] bool is_loopback() const noexcept;

    /// The address alone: `127.0.0.1`, `::1`.
    [[nodiscard]] std::string address() const;
    /// `127.0.0.1:8080`, `[::1]:8080`.
    [[nodiscard]] std::string text() const;

    [[nodiscard]] const sockaddr* data() const noexcept {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }

    [[nodiscard]] socklen_t size() const noexcept;

    friend bool operator==(const Endpoint& a, const Endpoint& b) noexcept;

private:
    sockaddr_storage storage_{};
};

}  // namespace flotilla::runtime
