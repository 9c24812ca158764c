#pragma once
/// Who may use the registry: the one user of `spring.security.user.*`, by HTTP Basic (RFC 7617).

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/actuator/authorizer.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::registry {

/// Nothing where no user is configured. An error for a user without a password, and for a password in a form
/// that is not read: those are `{bcrypt}$2a$...`, `{noop}text` and plain text.
Result<std::optional<actuator::BasicAuthorizer::User>> registry_user(const config::Environment& environment);

/// Asks for credentials before the routes of a router answer. There are no sessions and no cookies, hence
/// nothing that another site's page could misuse.
///
/// A password is verified on the blocking pool, once: what was right then is known by its keyed digest, as
/// bcrypt for every heartbeat would take all cores. Outlives the server.
class AccessControl {
public:
    AccessControl(runtime::Runtime& runtime, actuator::BasicAuthorizer::User user);

    /// All routes that are there by now, but those at or below the `open` paths. Before any is called.
    void protect(http::Router& router, const std::vector<std::string>& open);

private:
    static constexpr std::size_t most_marks = 16;

    http::Pending admit(
        const http::BoundHandler& next,
        http::Request& request,
        http::Response& response,
        const http::ErrorRenderer& errors
    );
    Task<> verify(
        const http::BoundHandler& next,
        http::Request& request,
        http::Response& response,
        const http::ErrorRenderer& errors
    );
    void refuse(const http::Request& request, http::Response& response, const http::ErrorRenderer& errors)
        const;
    [[nodiscard]] std::string mark_of(std::string_view credentials) const;
    [[nodiscard]] bool knows(std::string_view mark) const;
    void remember(std::string mark);

    const std::string user_;
    const actuator::BasicAuthorizer authorizer_;
    const std::string key_;  ///< of the digests; new with each start
    mutable std::mutex mutex_;
    std::vector<std::string> marks_;  ///< one user can be written in few ways
};

}  // namespace flotilla::registry
