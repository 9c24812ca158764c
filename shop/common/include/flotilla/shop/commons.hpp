#pragma once
/// What every service of the shop has: its profile, tokens and fault flags, out of its configuration.

#include <memory>
#include <optional>
#include <string_view>

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/shop/faults.hpp"
#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/operations.hpp"
#include "flotilla/shop/tokens.hpp"
#include "flotilla/sql/database.hpp"

namespace flotilla::shop {

/// What a service's database reports to; `tracing.sql.sleuth-names` chooses the names in its spans.
template <class Service>
sql::Telemetry database_telemetry(Service& service, std::string_view logger) {
    const auto sleuth_names = service.environment().template get<bool>("tracing.sql.sleuth-names", false);
    if (!sleuth_names) service.cannot_start(sleuth_names.error());
    return {
        .meters = &service.meters(),
        .tracer = &service.tracer(),
        .log = service.logger(logger),
        .sleuth_names = sleuth_names.value_or(false)
    };
}

struct Commons {
    Profile profile = Profile::flotilla;
    std::unique_ptr<Tokens> tokens;
    std::unique_ptr<Faults> faults;

    /// Nothing when something is configured wrongly; the service has been told and `run` will say so.
    template <class Service>
    static std::optional<Commons> of(
        Service& service, std::map<std::string, Fault> FaultConfig::* own_faults
    ) {
        const auto& environment = service.environment();
        const auto profile = environment.template get<Profile>("shop.profile", Profile::flotilla);
        auto tokens = Tokens::load(environment, service.runtime().clock(), service.logger("tokens"));
        auto faults = Faults::load(
            environment, own_faults, service.logger("faults"), readiness_of(service.actuator().availability())
        );
        if (!profile) service.cannot_start(profile.error());
        if (!tokens) service.cannot_start(tokens.error());
        if (!faults) service.cannot_start(faults.error());
        if (!profile || !tokens || !faults) return std::nullopt;
        service.actuator().info().add([own = tokens->get()](reflect::Json& info) {
            info.set("token", reflect::Json::object({{"fingerprint", own->keys()->fingerprint()}}));
        });
        if (*profile == Profile::flotilla)
            OperationsGuard::put_before(
                service.router(), service.actuator().config(), **tokens, service.runtime().clock()
            );
        return Commons{*profile, *std::move(tokens), *std::move(faults)};
    }
};

}  // namespace flotilla::shop
