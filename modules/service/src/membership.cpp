#include "membership.hpp"

#include "flotilla/base/units.hpp"
#include "flotilla/discovery/factory.hpp"
#include "flotilla/discovery/local_host.hpp"
#include "flotilla/http/error.hpp"

namespace flotilla::service {

namespace {

using namespace std::chrono_literals;
using actuator::Answer;
using actuator::Health;
using reflect::Json;

/// How long the end of a service waits for its registry.
constexpr Duration word_of_leaving = 2s;
constexpr Duration last_word = 2s;

/// What `/actuator/serviceregistry` says of an error.
Answer failed(const Error& error) {
    return Answer::failure(http::status_of(error), error.message());
}

}  // namespace

Result<std::unique_ptr<Membership>> Membership::make(Means means) {
    const discovery::Means for_client{.runtime = means.runtime, .log = means.log, .meters = &means.meters};
    FLT_TRY(auto client, discovery::make_registry_client(means.environment, for_client));
    FLT_TRY(auto balancing, discovery::BalancerProperties::load(means.environment));
    FLT_TRY(const bool tell_health, means.environment.get("eureka.client.healthcheck.enabled", false));
    FLT_TRY(
        const auto seconds,
        means.environment.get("eureka.client.instance-info-replication-interval-seconds", std::uint32_t{30})
    );
    auto membership = std::unique_ptr<Membership>(new Membership(
        std::move(means), std::move(client), std::move(balancing), tell_health, std::chrono::seconds(seconds)
    ));
    FLT_TRY(const auto type, discovery::discovery_type(membership->means_.environment));
    if (type != discovery::DiscoveryType::none) membership->add_health();
    if (membership->announces()) membership->add_endpoint();
    return membership;
}

Membership::Membership(
    Means means,
    std::unique_ptr<discovery::RegistryClient> client,
    discovery::BalancerProperties balancing,
    bool tell_health,
    Duration health_interval
)
    : means_(std::move(means)),
      client_(std::move(client)),
      balancing_(std::move(balancing)),
      tells_health_(tell_health),
      health_interval_(health_interval) {
    balancer_ = std::make_unique<discovery::LoadBalancer>(
        *client_,
        [this](std::string_view service) { return balancing_.of(service).balancer; },
        means_.runtime.clock(),
        [this](const discovery::ClusterEvent& event) { note(event); }
    );
    if (!balancing_.any_checks()) return;
    checker_ = std::make_unique<discovery::HealthChecker>(
        discovery::Means{.runtime = means_.runtime, .log = means_.log, .meters = &means_.meters},
        *balancer_,
        [this](std::string_view service) { return balancing_.of(service).checks; }
    );
}

void Membership::note(const discovery::ClusterEvent& event) {
    using Kind = discovery::ClusterEvent::Kind;
    const std::string who = event.instance.service + " at " + event.instance.authority();
    switch (event.kind) {
        case Kind::ejected:
            means_.log.warn("{} is left out for {}: {}", who, format_duration(event.for_time), event.reason);
            means_.meters.counter(
                             "loadbalancer.ejections", {{"serviceId", event.instance.service}}
            ).increment();
            break;
        case Kind::returned:
            means_.log.info("{} is used again", who);
            break;
        case Kind::check_failed:
            means_.log.warn("{} fails its health check", who);
            break;
        case Kind::check_passed:
            means_.log.info("{} passes its health check", who);
            break;
    }
}

// Life.

Task<Result<void>> Membership::begin(discovery::SelfDescription self, runtime::TaskScope& scope) {
    if (announces()) {
        if (self.host_name.empty() || self.ip_address.empty()) {
            FLT_CO_TRY(const auto host, co_await means_.runtime.blocking(discovery::find_local_host));
            if (self.host_name.empty()) self.host_name = host.name;
            if (self.ip_address.empty()) self.ip_address = host.address;
        }
        FLT_CO_CHECK(client_->introduce(self));
    }
    scope.spawn("discovery", client_->run());
    if (checker_) scope.spawn("health-checks", checker_->run());
    if (announces() && tells_health_) scope.spawn("health-word", tell_health());
    co_return Result<void>();
}

Task<> Membership::tell(bool ready) {
    ready_ = ready;
    if (!announces()) co_return;
    if (ready) {
        client_->ready();
        co_return;
    }
    const Deadline deadline = Deadline::after(means_.runtime.clock().now(), word_of_leaving);
    co_await client_->leave(deadline);
}

Task<> Membership::farewell() {
    if (!announces()) co_return;
    const Deadline deadline = Deadline::after(means_.runtime.clock().now(), last_word);
    co_await client_->finish(deadline);
}

/// `eureka.client.healthcheck.enabled`: the registry learns how the service finds itself.
Task<> Membership::tell_health() {
    const auto others = [](std::string_view name) { return name != "discoveryComposite"; };
    const actuator::StatusRules rules;
    for (;;) {
        co_await runtime::sleep_for(health_interval_);
        if (!ready_) continue;
        const Health found = co_await means_.operations.health().check(others, rules);
        if (ready_) client_->tell_status(found.status);
    }
}

// What operators see.

Health Membership::health() const {
    if (!client_->informed()) {
        Health unknown = Health::unknown();
        unknown.description = "Discovery Client not initialized";
        return unknown;
    }
    Json services = Json::array();
    for (const std::string& name : client_->services()) services.push_back(name);
    return Health::up(Json::object({{"services", std::move(services)}}));
}

void Membership::add_health() {
    if (!means_.operations.config().contributes("discoveryComposite")) return;
    means_.operations.health().add("discoveryComposite", [this] {
        std::vector<Health::Component> parts{{"discoveryClient", health()}};
        if (const auto report = client_->report()) {
            Json applications = Json::object();
            for (const auto& [name, count] : report->applications) applications.set(name, count);
            Health registry = Health::up(Json::object({{"applications", std::move(applications)}}));
            registry.status = report->status;
            registry.description = report->description;
            parts.push_back({std::string(client_->name()), std::move(registry)});
        }
        return Health::of(std::move(parts));
    });
}

void Membership::add_endpoint() {
    using actuator::Operation;
    actuator::Endpoint endpoint{
        .id = "serviceregistry", .default_access = {}, .open = false, .operations = {}
    };
    Operation read;
    read.run = Operation::Coroutine([this](const actuator::Call& call) { return read_status(call); });
    Operation write;
    write.verb = actuator::Verb::write;
    write.takes_body = true;
    write.run = Operation::Coroutine([this](const actuator::Call& call) { return write_status(call); });
    endpoint.operations.push_back(std::move(read));
    endpoint.operations.push_back(std::move(write));
    means_.operations.add(std::move(endpoint));
}

Task<Answer> Membership::read_status(const actuator::Call&) {
    const std::function<Task<Result<discovery::RegistryStatus>>()> ask = [this] {
        return client_->registry_status();
    };
    const auto status = co_await means_.runtime.on(means_.runtime.loop(0), ask);
    if (!status) co_return failed(status.error());
    co_return Answer::of(Json::object({{"status", status->status}, {"overriddenStatus", status->overridden}})
    );
}

Task<Answer> Membership::write_status(const actuator::Call& call) {
    const Json wanted = call.parameter("status");
    const std::string* text = wanted.as_string();
    if (!text || text->empty()) co_return Answer::bad_request("status may not be null");
    std::optional<std::string> status;
    if (*text != "CANCEL_OVERRIDE") status = *text;
    const std::function<Task<Result<void>>()> tell = [this, status] {
        return client_->override_status(status);
    };
    const auto told = co_await means_.runtime.on(means_.runtime.loop(0), tell);
    if (!told) co_return failed(told.error());
    co_return Answer::empty(http::Status::ok);
}

}  // namespace flotilla::service
