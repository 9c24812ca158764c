#include "flotilla/actuator/authorizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/crypto/digest.hpp"
#include "flotilla/crypto/password.hpp"
#include "flotilla/http/request.hpp"

namespace flotilla::actuator {

namespace {

struct Credentials {
    std::string name;
    std::string password;
};

std::optional<Credentials> basic_credentials(std::string_view authorization) {
    constexpr std::string_view scheme = "basic ";
    if (!istarts_with(authorization, scheme)) return std::nullopt;
    const auto decoded = from_base64(trim(authorization.substr(scheme.size())));
    if (!decoded) return std::nullopt;
    const std::size_t colon = decoded->find(':');
    if (colon == std::string::npos) return std::nullopt;
    return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

bool password_is(std::string_view given, std::string_view stored) {
    if (stored.starts_with("{bcrypt}")) stored.remove_prefix(8);
    if (stored.starts_with("$2")) return crypto::verify_password(given, stored).value_or(false);
    if (stored.starts_with("{noop}")) stored.remove_prefix(6);
    return crypto::equal_in_constant_time(given, stored);
}

}  // namespace

BasicAuthorizer::BasicAuthorizer(runtime::Runtime& runtime, std::vector<User> users, std::string realm)
    : runtime_(runtime),
      users_(std::make_shared<const std::vector<User>>(std::move(users))),
      realm_(std::move(realm)) {}

std::string BasicAuthorizer::challenge() const {
    return fmt::format("Basic realm=\"{}\"", realm_);
}

Task<std::optional<Caller>> BasicAuthorizer::authenticate(const http::Request& request) const {
    auto credentials = basic_credentials(request.header(http::KnownField::authorization));
    if (!credentials) co_return std::nullopt;
    auto check = [users = users_, credentials = std::move(*credentials)]() -> std::optional<Caller> {
        const auto user = std::ranges::find(*users, credentials.name, &User::name);
        if (user == users->end()) {
            // Time must not tell who exists.
            (void)crypto::verify_nothing(credentials.password);
            return std::nullopt;
        }
        if (!password_is(credentials.password, user->password)) return std::nullopt;
        return Caller{user->name, user->authorities};
    };
    const auto caller = co_await runtime_.blocking(std::move(check));
    co_return caller.value_or(std::nullopt);
}

}  // namespace flotilla::actuator
