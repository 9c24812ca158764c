#pragma once
/// One running copy of a service, as a registry tells it.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::discovery {

using Metadata = std::map<std::string, std::string, std::less<>>;

/// A value.
struct ServiceInstance {
    std::string id;       ///< unique within the service: `host:order-service:8080`
    std::string service;  ///< as its registry writes it: `ORDER-SERVICE`
    std::string host;     ///< name or address, to be connected to
    std::uint16_t port = 0;
    bool secure = false;  ///< speaks TLS on `port`
    std::string scheme;   ///< only where the instance declares one
    Metadata metadata;
    /// Differs when the same id has been started anew; 0 where a registry cannot tell.
    std::uint64_t incarnation = 0;

    /// Metadata `zone`; empty where there is none.
    [[nodiscard]] std::string_view zone() const noexcept;
    /// Metadata `weight`; 1 where there is none, or none that is a positive number.
    [[nodiscard]] std::uint32_t weight() const noexcept;
    /// The value of a metadata key; empty where there is none.
    [[nodiscard]] std::string_view value(std::string_view key) const noexcept;
    /// `host:8080`, `[::1]:8080`.
    [[nodiscard]] std::string authority() const;
    /// `http://host:8080`: with its own scheme, else `https` when it is secure, else `otherwise`.
    [[nodiscard]] std::string uri(std::string_view otherwise = "http") const;

    friend bool operator==(const ServiceInstance&, const ServiceInstance&) = default;
};

/// All instances of one service at one moment; immutable once shared.
struct InstanceList {
    std::string service;  ///< in lower case
    std::vector<ServiceInstance> instances;
    std::uint64_t version = 0;  ///< rises with every change of the source that it is from
    bool known = false;         ///< false: the source has not answered yet, so that nobody knows
};

using Snapshot = std::shared_ptr<const InstanceList>;

}  // namespace flotilla::discovery
