#include "access_control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "flotilla/base/url_text.hpp"
#include "flotilla/crypto/digest.hpp"

namespace flotilla::registry {

namespace {

constexpr std::string_view bcrypt_prefix = "{bcrypt}";
constexpr std::size_t bcrypt_length = 60;
constexpr std::size_t key_length = 32;

/// Without the property's name in front: what follows that word is masked in logs.
std::unexpected<Error> bad_password(const std::string& text) {
    return fail(Errc::invalid_argument, "spring.security.user has " + text);
}

/// Told at the start, and not to the first client.
Result<void> check_password(std::string_view password) {
    if (password.empty())
        return bad_password("a name without a password; {bcrypt}$2a$10$... is one, or {noop} and the text");
    const std::size_t end = password.find('}');
    if (!password.starts_with('{') || end == std::string_view::npos) return {};
    const std::string_view form = password.substr(0, end + 1);
    if (form == bcrypt_prefix) {
        const std::string_view hash = password.substr(bcrypt_prefix.size());
        if (!hash.starts_with("$2") || hash.size() != bcrypt_length)
            return bad_password("a {bcrypt} password that is no hash of 60 characters as in $2a$10$...");
    } else if (form != "{noop}") {
        return bad_password(
            fmt::format("a password as {}, which is not read; {{bcrypt}} and {{noop}} are", form)
        );
    }
    return {};
}

}  // namespace

Result<std::optional<actuator::BasicAuthorizer::User>> registry_user(const config::Environment& environment) {
    std::string password = environment.get_or("spring.security.user.password", "");
    std::string name = environment.get_or("spring.security.user.name", password.empty() ? "" : "user");
    if (name.empty()) return std::nullopt;
    FLT_CHECK(check_password(password));
    return actuator::BasicAuthorizer::User{std::move(name), std::move(password)};
}

AccessControl::AccessControl(runtime::Runtime& runtime, actuator::BasicAuthorizer::User user)
    : user_(user.name),
      authorizer_(runtime, {std::move(user)}, "Eureka"),
      key_(crypto::random_bytes(key_length)) {}

void AccessControl::protect(http::Router& router, const std::vector<std::string>& open) {
    for (const auto& route : router.routes()) {
        const bool is_open = std::ranges::any_of(open, [&](const std::string& path) {
            return is_at_or_below(route->pattern, path);
        });
        if (is_open) continue;
        route->handler =
            [this, next = std::move(route->handler)](
                http::Request& request, http::Response& response, const http::ErrorRenderer& errors
            ) { return admit(next, request, response, errors); };
    }
}

http::Pending AccessControl::admit(
    const http::BoundHandler& next,
    http::Request& request,
    http::Response& response,
    const http::ErrorRenderer& errors
) {
    const std::string_view credentials = request.header(http::KnownField::authorization);
    if (credentials.empty()) {
        refuse(request, response, errors);
        return std::nullopt;
    }
    if (!knows(mark_of(credentials))) return verify(next, request, response, errors);
    request.principal = user_;
    return next(request, response, errors);
}

Task<> AccessControl::verify(
    const http::BoundHandler& next,
    http::Request& request,
    http::Response& response,
    const http::ErrorRenderer& errors
) {
    const auto caller = co_await authorizer_.authenticate(request);
    if (!caller) {
        refuse(request, response, errors);
        co_return;
    }
    remember(mark_of(request.header(http::KnownField::authorization)));
    request.principal = user_;
    http::Pending pending = next(request, response, errors);
    if (pending) co_await std::move(*pending);
}

void AccessControl::refuse(
    const http::Request& request, http::Response& response, const http::ErrorRenderer& errors
) const {
    response.set("WWW-Authenticate", authorizer_.challenge());
    errors.render(request, {.status = http::Status::unauthorized, .message = "Unauthorized"}, response);
}

std::string AccessControl::mark_of(std::string_view credentials) const {
    return crypto::hmac(crypto::Hash::sha256, key_, credentials);
}

bool AccessControl::knows(std::string_view mark) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(marks_, [&](const std::string& known) {
        return crypto::equal_in_constant_time(known, mark);
    });
}

void AccessControl::remember(std::string mark) {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(marks_, mark) != marks_.end()) return;
    if (marks_.size() == most_marks) marks_.erase(marks_.begin());
    marks_.push_back(std::move(mark));
}

}  // namespace flotilla::registry
