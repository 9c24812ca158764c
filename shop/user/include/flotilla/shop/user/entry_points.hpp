#pragma once
/// Whom the service lets in: with `gateway.ip`, only what comes from those addresses (operations endpoints
/// look after themselves).

#include <atomic>
#include <memory>
#include <string>

#include "flotilla/config/environment.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/shop/user/address_ranges.hpp"

namespace flotilla::shop::user {

/// Follows the configuration. Safe on any thread.
class EntryPoints {
public:
    static Result<std::unique_ptr<EntryPoints>> load(config::Environment environment, log::Logger log);

    EntryPoints(const EntryPoints&) = delete;
    EntryPoints& operator=(const EntryPoints&) = delete;

    /// Whether who sent this may.
    [[nodiscard]] bool let_in(const http::Request& request) const;

    /// Where the client sits. A gateway, or this machine, is believed about whom it speaks for
    /// (`X-Forwarded-For`); nobody else is.
    [[nodiscard]] std::string client_address(const http::Request& request) const;

    /// Answers 403 to whoever may not. It outlives the router's use.
    void guard(http::Router& router, const Clock& clock) const;

private:
    EntryPoints(config::Environment environment, log::Logger log)
        : environment_(std::move(environment)), log_(log) {}

    Result<void> read();
    void reread(const config::Environment::ChangedKeys& changed);

    config::Environment environment_;
    log::Logger log_;
    std::atomic<std::shared_ptr<const AddressRanges>> gateways_;
    config::Subscription subscription_;
};

}  // namespace flotilla::shop::user
