#pragma once
/// The HTTP face of users.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/http/router.hpp"
#include "flotilla/runtime/endpoint.hpp"
#include "flotilla/shop/faults.hpp"
#include "flotilla/shop/page.hpp"
#include "flotilla/shop/tokens.hpp"
#include "flotilla/shop/user/entry_points.hpp"
#include "flotilla/shop/user/login_throttle.hpp"
#include "flotilla/shop/user/password_workers.hpp"
#include "flotilla/shop/user/user.hpp"
#include "flotilla/shop/user/user_config.hpp"
#include "flotilla/shop/user/user_meters.hpp"
#include "flotilla/shop/user/user_orders.hpp"
#include "flotilla/shop/user/user_repository.hpp"

namespace flotilla::shop::user {

/// What the API stands on; all of it outlives the API.
struct UserMeans {
    UserRepository& repository;
    const UserOrdersClient& orders;
    const PasswordWorkers& passwords;
    LoginThrottle& throttle;
    const EntryPoints& entry;
    const Tokens& tokens;
    const Faults& faults;
    const UserMeters& meters;
    const config::Environment& environment;
    const UserConfig& config;
    const Clock& clock;
    log::Logger log;
    Profile profile = Profile::flotilla;
    /// Where the service listens, for its health text.
    std::function<runtime::Endpoint()> endpoint;
};

struct HalUsers;

class UserApi {
public:
    explicit UserApi(UserMeans means)
        : means_(std::move(means)), rules_(means_.profile, means_.config.messages) {}

    /// Before the server starts. The API outlives the router's use.
    void mount(http::Router& router);

private:
    using Response = http::Response;
    using Request = http::Request;
    using Text = std::optional<std::string>;
    template <class T>
    using Reply = http::Reply<T>;

    struct Page {
        PageRequest request;
        std::vector<UserView> users;
        bool more = false;  ///< there is a next one
    };

    Task<Reply<std::string>> status(Request& request);
    Task<Reply<std::string>> welcome(Request& request);
    Task<Reply<UserView>> register_user(Request& request, NewUser in);
    Task<Response> login(Request& request, Credentials in);
    Task<Reply<std::vector<UserView>>> list(Request& request, Text limit, Text cursor);
    Task<Reply<HalUsers>> list_with_links(Request& request, Text limit, Text cursor);
    Task<Reply<UserDetail>> one(Request& request, std::string user_id);
    Task<Reply<UserView>> edit(Request& request, std::string user_id, UserEdit change);

    Task<Outcome<Page>> page_of(const Request& request, Text limit, Text cursor) const;

    /// The user of these credentials, or what to say instead.
    Task<Outcome<User>> authenticate(Credentials in, std::string address) const;
    /// Nobody, where the e-mail is unknown or the password is another.
    Task<Outcome<std::optional<User>>> user_with(std::string email, std::string password) const;
    [[nodiscard]] Response logged_in(const Request& request, const User& user) const;
    /// Good tokens only, where the gateway is not the one to ask for them.
    [[nodiscard]] std::optional<Problem> refusal(const Request& request) const;
    [[nodiscard]] Task<std::optional<Problem>> struck(const char* operation) const;
    [[nodiscard]] Response refused(const Request& request, const Problem& problem) const;
    [[nodiscard]] Response failed(const Request& request, const Error& error) const;
    [[nodiscard]] std::string status_text() const;

    UserMeans means_;
    UserRules rules_;
};

/// How long tokens are good: `token.expiration_time`, but a day where that is less than a second.
std::chrono::milliseconds token_life(const TokenConfig& config) noexcept;

}  // namespace flotilla::shop::user
