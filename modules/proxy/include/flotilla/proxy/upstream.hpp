#pragma once
/// Where an exchange goes.

#include <string>

#include "flotilla/runtime/endpoint.hpp"

namespace flotilla::proxy {

/// One address of one server, resolved. Make it once and keep it: connections are pooled by its key.
class Upstream {
public:
    /// `host` is the name or address as the route or the registry has it, IPv6 in brackets.
    Upstream(const runtime::Endpoint& endpoint, std::string host, bool secure = false);

    [[nodiscard]] const runtime::Endpoint& endpoint() const noexcept { return endpoint_; }

    [[nodiscard]] const std::string& host() const noexcept { return host_; }

    /// Over TLS; the certificate has to be for `host`.
    [[nodiscard]] bool secure() const noexcept { return secure_; }

    /// What the Host field says: the port is left out where it is the scheme's own.
    [[nodiscard]] const std::string& authority() const noexcept { return authority_; }

    [[nodiscard]] const std::string& key() const noexcept { return key_; }

private:
    runtime::Endpoint endpoint_;
    std::string host_;
    std::string authority_;
    std::string key_;
    bool secure_;
};

}  // namespace flotilla::proxy
