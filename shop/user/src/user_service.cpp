#include "flotilla/shop/user/user_service.hpp"

#include <algorithm>

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/shop/commons.hpp"
#include "flotilla/shop/user/schema.hpp"
#include "flotilla/shop/user/user_api.hpp"

namespace flotilla::shop::user {

namespace {

/// The part, or nothing with the reason noted.
template <class T>
std::unique_ptr<T> part(Service& service, Result<std::unique_ptr<T>> made) {
    if (made) return *std::move(made);
    service.cannot_start(made.error());
    return nullptr;
}

UserOrdersMeans orders_means(Service& service, Profile profile) {
    return {
        .environment = service.environment(),
        .remote = service.remote(),
        .policies = service.policies(),
        .tracer = service.tracer(),
        .meters = service.meters(),
        .clock = service.runtime().clock(),
        .log = service.logger("orders"),
        .profile = profile,
    };
}

/// A student's setup has 864, which is less than a login takes.
void warn_of_short_life(const TokenConfig& config, const log::Logger& log) {
    if (token_life(config) == config.expiration_time) return;
    log.warn(
        "tokens that are good for {} ms are refused: look at token.expiration_time, which is in "
        "milliseconds; "
        "they are good for a day",
        config.expiration_time.count()
    );
}

}  // namespace

int run_user_service(Service& service) {
    const auto config = service.bind<UserConfig>("shop.user");
    auto source_config = service.bind<sql::DataSourceConfig>("spring.datasource");
    const auto commons = Commons::of(service, &FaultConfig::user);
    const log::Logger log = service.logger("user");
    const auto entry = part(service, EntryPoints::load(service.environment(), log));
    if (!commons || !entry) return service.run();
    const auto orders = part(service, UserOrdersClient::make(orders_means(service, commons->profile)));
    if (!orders) return service.run();
    const auto warn = [&] { warn_of_short_life(commons->tokens->keys()->config(), log); };
    warn();
    const auto on_change = service.environment().subscribe([&warn](const auto& changed) {
        const auto is_of_tokens = [](const std::string& key) { return key.starts_with("token."); };
        if (std::ranges::any_of(changed, is_of_tokens)) warn();
    });

    DataSource source(
        service.runtime(), std::move(source_config), database_telemetry(service, "user.db"), migrations()
    );
    UserRepository repository(source, config.database_timeout);
    PasswordWorkers passwords(config.password);
    passwords.bind(service.meters());
    LoginThrottle throttle(config.throttle);
    const UserMeters meters(service.meters());
    UserApi api({
        .repository = repository,
        .orders = *orders,
        .passwords = passwords,
        .throttle = throttle,
        .entry = *entry,
        .tokens = *commons->tokens,
        .faults = *commons->faults,
        .meters = meters,
        .environment = service.environment(),
        .config = config,
        .clock = service.runtime().clock(),
        .log = log,
        .profile = commons->profile,
        .endpoint = [&service] { return service.endpoint(); },
    });
    entry->guard(service.router(), service.runtime().clock());
    api.mount(service.router());
    sign_answers(service.router(), instance_id_of(service.environment()));
    service.actuator().health().add_coroutine("db", [&source] { return source.health(); });
    service.on_start([&source] { return source.open(); });
    service.on_stop([&source] { source.close(); });
    return service.run();
}

int run_user(int argc, const char* const* argv) {
    auto options = service::ServiceOptions::of_program("user-service", argc, argv);
    options.defaults = user_defaults();
    Service service(std::move(options));
    return run_user_service(service);
}

}  // namespace flotilla::shop::user
