#pragma once
/// Settings of users: `shop.user.*`, `shop.client.*` and those of the course.

#include <chrono>
#include <string>
#include <vector>

#include "flotilla/config/environment.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/user/user_rules.hpp"

namespace flotilla::shop::user {

/// `shop.user.password.*`
struct PasswordConfig {
    unsigned threads = 0;
    unsigned queue = 256;
    unsigned cost = 10;
};

FLT_DESCRIBE_CONFIG(
    PasswordConfig,
    (threads, "Threads that hash passwords; 0: one per core.", max(64)),
    (queue, "Passwords that may wait for them; more are answered with 503.", min(1), max(10'000)),
    (cost, "Work of a hash, as a power of two.", min(4), max(18))
)

/// `shop.user.throttle.*`
struct ThrottleConfig {
    bool enabled = true;
    unsigned email_burst = 10;
    std::chrono::milliseconds email_refill{6'000};
    unsigned address_burst = 300;
    std::chrono::milliseconds address_refill{200};
    unsigned buckets = 20'000;
};

FLT_DESCRIBE_CONFIG(
    ThrottleConfig,
    (enabled, "Failed logins are counted. Not in the profile course."),
    (email_burst, "Logins that may fail at once for one e-mail.", min(1)),
    (email_refill, "After so long one more may.", min(std::chrono::milliseconds(1))),
    (address_burst, "Logins that may fail, or be under way, at once from one address.", min(1)),
    (address_refill, "After so long one more may.", min(std::chrono::milliseconds(1))),
    (buckets, "E-mails, and as many addresses, that are remembered.", min(1))
)

/// `shop.user.*`
struct UserConfig {
    PasswordConfig password{};
    ThrottleConfig throttle{};
    std::chrono::milliseconds database_timeout{2'000};
    std::vector<std::string> admins{};
    UserMessages messages{};
};

FLT_DESCRIBE_CONFIG(
    UserConfig,
    (password, "Hashing of passwords."),
    (throttle, "How often logins may fail."),
    (database_timeout,
     "How long a statement may take, with its wait for a connection.",
     min(std::chrono::milliseconds(1))),
    (admins, "E-mails of users whose tokens have the role admin. Register them before they are named here."),
    (messages, "What is said about wrong fields.")
)

/// `shop.client`: how the orders of a user are asked for.
enum class ClientStyle {
    feign,             ///< a declared client
    resttemplate_lb,   ///< a URL with the name of the service
    resttemplate_url,  ///< a URL with the address of the gateway
};

FLT_DESCRIBE_ENUM_KEBAB(ClientStyle, feign, resttemplate_lb, resttemplate_url)

/// What holds for this program when nobody says otherwise.
std::vector<std::pair<std::string, reflect::Json>> user_defaults();

}  // namespace flotilla::shop::user
