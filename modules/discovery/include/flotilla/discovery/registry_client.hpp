#pragma once
/// A Discovery that lives: it keeps up with a registry, and announces the own service there.
///
///     client->introduce(self);                    // the port is known
///     scope.spawn("discovery", client->run());
///     client->ready();                            // requests are welcome
///     ...
///     co_await client->leave(deadline);           // they no longer are
///     co_await client->finish(deadline);

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/discovery/discovery.hpp"

namespace flotilla::discovery {

/// What a service knows of itself when it is about to register anywhere.
struct SelfDescription {
    std::string application;
    std::string host_name;
    std::string ip_address;
    std::uint16_t port = 0;
    bool secure = false;                ///< TLS on `port`
    std::uint16_t management_port = 0;  ///< 0: the same as `port`
    std::string context_path;
    std::string operations_path = "/actuator";  ///< on the management port
};

/// What an instance is to its registry.
struct RegistryStatus {
    std::string status = "UNKNOWN";
    std::string overridden = "UNKNOWN";
};

/// How things stand between a client and its registry, for the health component.
struct RegistryReport {
    std::string status = "UP";  ///< what the registry has as the status of this service
    std::string description;
    std::vector<std::pair<std::string, std::size_t>> applications;  ///< with the number of their instances
};

/// Beside the interface of Discovery, all of it is called on the loop that `run` runs on; it outlives `run`.
class RegistryClient : public Discovery {
public:
    /// Whether the own service is to be announced at all.
    [[nodiscard]] virtual bool announces() const noexcept = 0;
    /// Who is to be announced. Before `ready`.
    virtual Result<void> introduce(const SelfDescription& self) = 0;
    /// Reads, registers and renews until it is cancelled.
    virtual Task<> run() = 0;
    /// The service takes requests from now on: registers.
    virtual void ready() = 0;

    /// How the service finds itself, while it takes requests: UP, DOWN, OUT_OF_SERVICE, ... For registries
    /// that keep a status; others do not listen.
    virtual void tell_status(std::string_view) {}

    /// It wants none any more. Returns when that has been said, or cannot be.
    virtual Task<> leave(Deadline deadline) = 0;
    /// The last word, where there is one after `leave`.
    virtual Task<> finish(Deadline deadline) = 0;

    /// The registry has answered once. From any thread.
    [[nodiscard]] virtual bool informed() const noexcept = 0;

    /// Nothing where a registry has no such view. From any thread.
    [[nodiscard]] virtual std::optional<RegistryReport> report() const { return std::nullopt; }

    /// What the registry says of this service, asked now: for `/actuator/serviceregistry`.
    virtual Task<Result<RegistryStatus>> registry_status();
    /// Has the registry show another status; nothing takes that back. `invalid_argument` for one that it does
    /// not have.
    virtual Task<Result<void>> override_status(std::optional<std::string> status);
};

}  // namespace flotilla::discovery
