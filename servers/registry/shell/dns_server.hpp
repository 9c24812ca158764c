#pragma once
/// DNS over UDP and TCP on the first loop.

#include <memory>

#include "flotilla/log/logger.hpp"
#include "flotilla/registry/dns_answers.hpp"
#include "flotilla/runtime/descriptor.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "shared_registry.hpp"

namespace flotilla::registry {

/// Belongs to the first loop. `stop` must have run before it goes.
class DnsServer {
public:
    DnsServer(SharedRegistry& registry, runtime::Runtime& runtime, ConsulConfig config, log::Logger log);
    ~DnsServer();
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;

    /// `Errc::conflict` when somebody else has the port.
    Task<Result<void>> start();
    Task<Result<void>> stop();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    static constexpr std::size_t most_connections = 256;

    Result<void> listen();
    Task<> serve_udp();
    Task<> accept_tcp();
    Task<> serve_tcp(std::shared_ptr<runtime::Stream> stream);
    [[nodiscard]] std::string reply_to(std::string_view message, Transport transport);

    SharedRegistry& registry_;
    runtime::EventLoop& loop_;
    ConsulConfig config_;
    log::Logger log_;
    Random random_ = Random::from_system();
    std::unique_ptr<runtime::Descriptor> udp_;
    std::unique_ptr<runtime::Listener> tcp_;
    std::unique_ptr<runtime::TaskScope> scope_;
    std::uint16_t port_ = 0;
    std::size_t connections_ = 0;
};

}  // namespace flotilla::registry
