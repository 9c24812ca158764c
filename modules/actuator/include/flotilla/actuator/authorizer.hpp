#pragma once
/// Finds out who calls. The service gives one to the actuator; without one, nobody is asked.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/actuator/caller.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::http {
class Request;
}

namespace flotilla::actuator {

class Authorizer {
public:
    virtual ~Authorizer() = default;

    /// Nothing for a caller without credentials, or with wrong ones.
    [[nodiscard]] virtual Task<std::optional<Caller>> authenticate(const http::Request& request) const = 0;

    /// The value of `WWW-Authenticate` for a caller who is nobody.
    [[nodiscard]] virtual std::string challenge() const = 0;

protected:
    Authorizer() = default;
    Authorizer(const Authorizer&) = default;
    Authorizer& operator=(const Authorizer&) = default;
};

/// HTTP Basic (RFC 7617) with a fixed list of users. Passwords are compared on the blocking pool, since that
/// takes tens of milliseconds.
class BasicAuthorizer final : public Authorizer {
public:
    struct User {
        std::string name;
        /// A bcrypt hash, with or without `{bcrypt}` in front; or plain text, with or without `{noop}`.
        std::string password;
        std::vector<std::string> authorities{endpoint_admin};
    };

    BasicAuthorizer(runtime::Runtime& runtime, std::vector<User> users, std::string realm = "Realm");

    [[nodiscard]] Task<std::optional<Caller>> authenticate(const http::Request& request) const override;
    [[nodiscard]] std::string challenge() const override;

private:
    runtime::Runtime& runtime_;
    std::shared_ptr<const std::vector<User>> users_;
    std::string realm_;
};

}  // namespace flotilla::actuator
