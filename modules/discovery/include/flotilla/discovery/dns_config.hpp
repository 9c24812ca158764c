#pragma once
/// Settings of finding services by DNS: `flotilla.discovery.dns.*`.

#include <chrono>
#include <cstdint>
#include <string>

namespace flotilla::discovery {

enum class DnsRecord : std::uint8_t {
    srv,     ///< address and port
    address  ///< A and AAAA; the port is the same for all
};

struct DnsConfig {
    DnsRecord record = DnsRecord::srv;
    /// What is asked for: `{service}` is the name in lower case. `{service}.service.consul`,
    /// `_http._tcp.{service}.default.svc.cluster.local`
    std::string name = "{service}";
    std::string server;       ///< `127.0.0.1:8600`; those of the system when empty
    std::uint16_t port = 80;  ///< of instances that are found by address
    bool secure = false;
    std::chrono::milliseconds refresh{5'000};  ///< sooner where records live shorter, 1 s at least
};

}  // namespace flotilla::discovery
