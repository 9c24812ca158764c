#include "flotilla/shop/user/user_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "flotilla/base/text.hpp"
#include "flotilla/http/conditional.hpp"
#include "flotilla/reflect/json.hpp"
#include "hal.hpp"

namespace flotilla::shop::user {

namespace {

using namespace std::chrono_literals;

template <class T>
http::Response hal_answer(const T& value) {
    http::Response response;
    reflect::append_json(response.text_body(hal_type), hal_of(value));
    return response;
}

Problem too_many_attempts(Duration wait) {
    const auto seconds = std::max(1s, std::chrono::ceil<std::chrono::seconds>(wait));
    return Problem(http::Status::too_many_requests, "TOO_MANY_ATTEMPTS", "Too many attempts to log in")
        .header("Retry-After", std::to_string(seconds.count()));
}

/// The same for an unknown e-mail and a wrong password.
Problem bad_credentials() {
    return Problem(http::Status::unauthorized, "BAD_CREDENTIALS", "Bad credentials")
        .header("WWW-Authenticate", "Bearer");
}

}  // namespace

std::chrono::milliseconds token_life(const TokenConfig& config) noexcept {
    return config.expiration_time < 1s ? TokenConfig{}.expiration_time : config.expiration_time;
}

Task<http::Reply<std::string>> UserApi::status(Request& request) {
    const auto running = means_.meters.status(means_.clock);
    if (const auto fault = co_await struck("status"); fault) co_return refused(request, *fault);
    co_return Reply<std::string>(http::Status::ok, status_text());
}

Task<http::Reply<std::string>> UserApi::welcome(Request& request) {
    const auto running = means_.meters.welcome(means_.clock);
    if (const auto fault = co_await struck("welcome"); fault) co_return refused(request, *fault);
    co_return Reply<std::string>(http::Status::ok, means_.environment.get_or("greeting.message", ""));
}

Task<http::Reply<UserView>> UserApi::register_user(Request& request, NewUser in) {
    if (const auto valid = rules_.check(in); !valid) co_return refused(request, valid.error());
    if (const auto fault = co_await struck("register"); fault) co_return refused(request, *fault);
    auto hash = co_await means_.passwords.hash(*std::move(in.pwd));
    if (!hash) co_return refused(request, hash.error());
    const User user{
        .user_id = new_uuid(),
        .email = *std::move(in.email),
        .name = *std::move(in.name),
        .encrypted_pwd = *std::move(hash),
        .created_at = means_.clock.wall_now(),
    };
    const auto added = co_await means_.repository.add(user);
    if (!added) co_return failed(request, added.error());
    if (!*added) co_return refused(request, email_taken());
    means_.log.info("user {} is registered", user.user_id);
    Reply<UserView> reply(http::Status::created, view_of(user));
    reply.set("ETag", tag_of(user));
    co_return reply;
}

Task<http::Response> UserApi::login(Request& request, Credentials in) {
    if (const auto valid = rules_.check(in); !valid) co_return refused(request, valid.error());
    if (const auto fault = co_await struck("login"); fault) co_return refused(request, *fault);
    const auto user = co_await authenticate(std::move(in), means_.entry.client_address(request));
    if (!user) co_return refused(request, user.error());
    means_.meters.login_good();
    co_return logged_in(request, *user);
}

Task<Outcome<User>> UserApi::authenticate(Credentials in, std::string address) const {
    const std::string email = *std::move(in.email);
    const bool throttled = means_.profile == Profile::flotilla;
    if (throttled) {
        if (const auto wait = means_.throttle.enter(email, address, means_.clock.now()); wait) {
            means_.meters.login_throttled();
            means_.log.warn("too many failed logins from {}, or for one e-mail", address);
            co_return refuse(too_many_attempts(*wait));
        }
    }
    auto user = co_await user_with(email, *std::move(in.password));
    // Only a wrong password counts: who came while the database was away has tried nothing.
    if (throttled && (!user || *user)) means_.throttle.give_back(email, address, means_.clock.now());
    if (!user) co_return refuse(std::move(user.error()));
    if (!*user) {
        means_.meters.login_bad();
        means_.log.info("a login from {} has failed", address);
        co_return refuse(bad_credentials());
    }
    co_return std::move(**user);
}

Task<Outcome<std::optional<User>>> UserApi::user_with(std::string email, std::string password) const {
    auto found = co_await means_.repository.find_by_email(std::move(email));
    if (!found) co_return refuse(database_problem(found.error(), means_.log));
    std::optional<std::string> hash;
    if (*found) hash = (*found)->encrypted_pwd;
    const auto matches = co_await means_.passwords.matches(std::move(password), std::move(hash));
    if (!matches) co_return refuse(matches.error());
    if (!*matches) found->reset();
    co_return std::move(*found);
}

http::Response UserApi::logged_in(const Request& request, const User& user) const {
    const auto keys = means_.tokens.keys();
    std::vector<std::string> roles;
    if (std::ranges::find(means_.config.admins, user.email) != means_.config.admins.end())
        roles.emplace_back(admin_role);
    const auto token = keys->issue(user.user_id, token_life(keys->config()), roles);
    if (!token) {
        means_.log.error("no token can be made: {}", token.error().message());
        return refused(request, Problem(http::Status::internal_server_error, "INTERNAL_ERROR"));
    }
    Response response;
    response.set("token", *token).set("userId", user.user_id);
    return response;
}

Task<http::Reply<std::vector<UserView>>> UserApi::list(Request& request, Text limit, Text cursor) {
    const auto page = co_await page_of(request, std::move(limit), std::move(cursor));
    if (!page) co_return refused(request, page.error());
    Reply<std::vector<UserView>> reply = wants_hal(request)
                                             ? hal_answer(page->users)
                                             : Reply<std::vector<UserView>>(http::Status::ok, page->users);
    if (page->more) link_next(reply, page->request, page->users.back().user_id);
    co_return reply;
}

Task<http::Reply<HalUsers>> UserApi::list_with_links(Request& request, Text limit, Text cursor) {
    const auto page = co_await page_of(request, std::move(limit), std::move(cursor));
    if (!page) co_return refused(request, page.error());
    Reply<HalUsers> reply = hal_answer(page->users);
    if (page->more) link_next(reply, page->request, page->users.back().user_id);
    co_return reply;
}

Task<Outcome<UserApi::Page>> UserApi::page_of(const Request& request, Text limit, Text cursor) const {
    if (const auto no = refusal(request); no) co_return refuse(*no);
    const auto wanted = PageRequest::of(limit, cursor, default_page_limit);
    if (!wanted) co_return refuse(wanted.error());
    if (const auto fault = co_await struck("list"); fault) co_return refuse(*fault);
    const bool all = means_.profile == Profile::course && !limit;
    // One more than wanted tells whether there is a next page.
    const std::optional<std::int64_t> at_most = all ? std::nullopt : std::optional(wanted->limit + 1);
    auto users = co_await means_.repository.page(at_most, wanted->after);
    if (!users) co_return refuse(database_problem(users.error(), means_.log));
    const bool more = !all && std::cmp_greater(users->size(), wanted->limit);
    if (more) users->pop_back();
    Page page{.request = *wanted, .users = views_of(*users), .more = more};
    co_return page;
}

Task<http::Reply<UserDetail>> UserApi::one(Request& request, std::string user_id) {
    if (means_.profile == Profile::flotilla) {
        const auto caller = means_.tokens.caller_for(request, user_id);
        if (!caller) co_return refused(request, caller.error());
    }
    if (const auto fault = co_await struck("get"); fault) co_return refused(request, *fault);
    const auto user = co_await means_.repository.find(user_id);
    if (!user) co_return failed(request, user.error());
    if (!*user) co_return refused(request, unknown_user());
    std::string authorization(request.header(http::KnownField::authorization));
    auto orders = co_await means_.orders.of(std::move(user_id), std::move(authorization));
    if (!orders) co_return refused(request, orders.error());
    const User& found = **user;
    const UserDetail detail{found.email, found.name, found.user_id, std::move(orders->lines)};
    Reply<UserDetail> reply =
        wants_hal(request) ? hal_answer(detail) : Reply<UserDetail>(http::Status::ok, detail);
    reply.set("ETag", tag_of(found));
    if (!orders->known) {
        reply.set("X-Degraded", "orders");
        request.span().tag("degraded", "orders");
    }
    co_return reply;
}

Task<http::Reply<UserView>> UserApi::edit(Request& request, std::string user_id, UserEdit change) {
    const auto caller = means_.tokens.caller_with(request, admin_role);
    if (!caller) co_return refused(request, caller.error());
    if (!request.fields().contains("If-Match"))
        co_return refused(
            request, Problem(http::Status(428), "PRECONDITION_REQUIRED", "If-Match is required")
        );
    if (const auto valid = rules_.check(change); !valid) co_return refused(request, valid.error());
    auto found = co_await means_.repository.find(user_id);
    if (!found) co_return failed(request, found.error());
    if (!*found) co_return refused(request, unknown_user());
    User user = std::move(**found);
    const Problem conflict(http::Status::precondition_failed, "VERSION_CONFLICT", "It has changed meanwhile");
    const std::string tag = tag_of(user);
    const http::Validators validators{.etag = tag};
    const auto verdict =
        http::check_preconditions(request.method(), request.fields(), validators, means_.clock.wall_now());
    if (verdict == http::Precondition::failed) co_return refused(request, conflict);
    user.name = *std::move(change.name);
    ++user.version;
    const auto renamed = co_await means_.repository.rename(user);
    if (!renamed) co_return failed(request, renamed.error());
    if (!*renamed) co_return refused(request, conflict);
    means_.log.info("{} has changed user {}", caller->id, user_id);
    Reply<UserView> reply(http::Status::ok, view_of(user));
    reply.set("ETag", tag_of(user));
    co_return reply;
}

std::optional<Problem> UserApi::refusal(const Request& request) const {
    if (means_.profile == Profile::course) return std::nullopt;
    const auto caller = means_.tokens.caller_of(request);
    if (caller) return std::nullopt;
    return caller.error();
}

Task<std::optional<Problem>> UserApi::struck(const char* operation) const {
    if (!means_.faults.armed()) co_return std::nullopt;
    std::string name(operation);
    std::string no_product;
    co_return co_await means_.faults.strike(std::move(name), std::move(no_product));
}

http::Response UserApi::refused(const Request& request, const Problem& problem) const {
    return problem.answer(request, means_.clock.wall_now());
}

http::Response UserApi::failed(const Request& request, const Error& error) const {
    return refused(request, database_problem(error, means_.log));
}

// The course's labels, letter by letter. Its secret is shown by its fingerprint: a change is seen, it is not.
std::string UserApi::status_text() const {
    const auto& environment = means_.environment;
    const auto keys = means_.tokens.keys();
    const std::string secret =
        means_.profile == Profile::course ? environment.get_or("token.secret", "") : keys->fingerprint();
    return fmt::format(
        "It's Working in User Service, port(local.server.port)={}, port(server.port)={}, gateway ip={}, "
        "message={}, token secret={}, token expiration time={}",
        means_.endpoint().port(),
        environment.get_or("server.port", ""),
        environment.get_or("gateway.ip", ""),
        environment.get_or("greeting.message", ""),
        secret,
        keys->config().expiration_time.count()
    );
}

}  // namespace flotilla::shop::user
