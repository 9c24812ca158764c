#pragma once
/// Who asks, by the token that comes along; and the tokens that the shop gives out.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/shop/problem.hpp"
#include "flotilla/shop/token_config.hpp"

namespace flotilla::shop {

/// Whoever a good token speaks for.
struct Caller {
    std::string id;  ///< `sub`
    std::vector<std::string> roles{};

    [[nodiscard]] bool has_role(std::string_view role) const;
};

inline constexpr std::string_view admin_role = "admin";
/// Of the services of the shop among themselves.
inline constexpr std::string_view service_role = "service";

/// One secret and all that follows from it. Immutable.
class TokenKeys {
public:
    /// Fails for an unknown encoding or algorithm, and for a short key when that is to be an error.
    static Result<std::shared_ptr<const TokenKeys>> of(const TokenConfig& config, const Clock& clock);

    ~TokenKeys();

    /// `{"sub","exp"}`, and `roles` where there are some.
    [[nodiscard]] Result<std::string> issue(
        std::string_view subject, Duration good_for, const std::vector<std::string>& roles = {}
    ) const;

    /// The caller, or 401.
    [[nodiscard]] Outcome<Caller> verify(std::string_view token) const;

    [[nodiscard]] const TokenConfig& config() const noexcept;

    /// What is weak about the key; empty when nothing is.
    [[nodiscard]] const std::string& weakness() const noexcept;

    /// `****` and the first eight digits of the secret's SHA-256: shows a change, and nothing else.
    [[nodiscard]] std::string fingerprint() const;

private:
    struct Parts;

    explicit TokenKeys(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

/// The keys of now: they change when the configuration does. Safe on any thread.
class Tokens {
public:
    /// Fails when there is no secret, and as TokenKeys::of. A change that does not fit leaves the keys as
    /// they are, with a line in the log.
    static Result<std::unique_ptr<Tokens>> load(
        config::Environment environment, const Clock& clock, log::Logger log
    );

    Tokens(const Tokens&) = delete;
    Tokens& operator=(const Tokens&) = delete;

    [[nodiscard]] std::shared_ptr<const TokenKeys> keys() const { return keys_.load(); }

    /// Of `Authorization: Bearer …`. 401 without a good token.
    [[nodiscard]] Outcome<Caller> caller_of(const http::Request& request) const;

    /// The caller when he is that user, or an admin; else 401 or 403.
    [[nodiscard]] Outcome<Caller> caller_for(const http::Request& request, std::string_view user_id) const;

    /// The caller when he has that role; else 401 or 403.
    [[nodiscard]] Outcome<Caller> caller_with(const http::Request& request, std::string_view role) const;

    /// The value of `Authorization` for calls of this service to another, good for a minute.
    [[nodiscard]] Result<std::string> service_authorization(std::string_view service) const;

private:
    Tokens(config::Environment environment, const Clock& clock, log::Logger log);

    Result<void> read();
    void reread(const config::Environment::ChangedKeys& changed);

    config::Environment environment_;
    const Clock& clock_;
    log::Logger log_;
    std::atomic<std::shared_ptr<const TokenKeys>> keys_;
    config::Subscription subscription_;
};

}  // namespace flotilla::shop
