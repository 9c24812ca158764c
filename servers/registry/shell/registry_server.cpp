#include "flotilla/registry/registry_server.hpp"

#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>
#include <utility>

#include "access_control.hpp"
#include "consul_api.hpp"
#include "dns_server.hpp"
#include "eureka_api.hpp"
#include "flotilla/actuator/actuator.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/discovery/eureka_described.hpp"
#include "flotilla/registry/dashboard.hpp"
#include "flotilla/runtime/port_holder.hpp"
#include "peer_urls.hpp"
#include "prometheus_api.hpp"
#include "region_reader.hpp"
#include "registry_config_described.hpp"
#include "registry_meters.hpp"
#include "replicator.hpp"
#include "server_properties.hpp"
#include "shared_registry.hpp"

namespace flotilla::registry {

/// The part of `eureka.client.*` that concerns a registry.
struct PeerProperties {
    std::map<std::string, std::string> service_url;
};

FLT_DESCRIBE_CONFIG(
    PeerProperties,
    (service_url,
     "The registries of each zone, comma separated: "
     "eureka.client.service-url.defaultZone=http://a:8761/eureka/,...")
)

namespace {

using std::chrono::milliseconds;

std::string machine_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

std::string resident_memory() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return std::to_string(resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) >> 20) + "mb";
}

std::string machine_memory() {
    struct sysinfo info{};
    if (sysinfo(&info) != 0) return "n/a";
    return std::to_string(info.totalram * info.mem_unit >> 20) + "mb";
}

/// Properties of Spring's server that have no effect here are no reason not to start.
EurekaServerConfig read_server_config(Service& service) {
    constexpr std::string_view prefix = "eureka.server";
    config::Environment& environment = service.environment();
    if (properties_without_effect(environment).empty()) return service.bind<EurekaServerConfig>(prefix);
    if (auto known = check_server_properties(environment); !known) service.cannot_start(known.error());
    auto bound = environment.bind<EurekaServerConfig>(prefix, config::Unknown::ignore);
    if (bound) return *std::move(bound);
    service.cannot_start(bound.error());
    return {};
}

std::string joined(const std::vector<PeerState>& peers, bool available) {
    std::string text;
    for (const PeerState& peer : peers)
        if (peer.stats.available == available) text += peer.url + ",";
    return text;
}

}  // namespace

struct RegistryServer::Impl {
    explicit Impl(Service& to)
        : service(to),
          server_config(read_server_config(service)),
          dashboard(service.bind<DashboardConfig>("eureka.dashboard")),
          consul(service.bind<ConsulConfig>("eureka.consul")),
          registry(std::make_shared<SharedRegistry>(server_config, service.runtime())),
          replicator(
              *registry,
              service.runtime(),
              peers(),
              tls(),
              {.meters = &service.meters(), .tracer = nullptr, .log = service.logger("registry.peers")},
              service.logger("registry.peers")
          ),
          region_reader(
              *registry,
              {service.runtime(), service.logger("registry.regions"), &service.meters()},
              tls_properties
          ),
          eureka(*registry, replicator, service.bind<CompatConfig>("eureka.compat"), service.meters()),
          consul_api(*registry, consul),
          prometheus(*registry, service.logger("registry.prometheus")),
          meters(service.meters(), registry),
          dns(*registry, service.runtime(), consul, service.logger("registry.dns")),
          started(registry->clock().now()) {}

    void assemble() {
        if (auto user = registry_user(service.environment()); !user) {
            service.cannot_start(user.error());
        } else if (*user) {
            access = std::make_unique<AccessControl>(service.runtime(), **std::move(user));
        }
        eureka.mount(service.router());
        prometheus.mount(service.router());
        if (consul.http_enabled) consul_api.mount(service.router());
        if (dashboard.enabled) mount_dashboard();
        add_jobs();
    }

    /// What configuration says of peers; noted when it cannot be read.
    std::vector<std::string> peers() {
        auto bound = service.environment().bind<PeerProperties>("eureka.client", config::Unknown::ignore);
        if (!bound) {
            service.cannot_start(bound.error());
            return {};
        }
        const auto& environment = service.environment();
        own.port = environment.get<std::uint16_t>("server.port", 0).value_or(0);
        own.url = server_config.my_url;
        own.hosts = {"localhost", "127.0.0.1", "::1", machine_name()};
        host_name = environment.get_or("eureka.instance.hostname", machine_name());
        own.hosts.push_back(host_name);
        if (const auto address = environment.get("server.address")) own.hosts.push_back(*address);
        return peer_urls(bound->service_url, own);
    }

    /// Towards peers and other regions the same as services have towards registries.
    std::optional<runtime::TlsConfig> tls() {
        auto config = service.environment().bind<discovery::EurekaTlsConfig>("eureka.client.tls");
        if (!config) {
            service.cannot_start(config.error());
            return std::nullopt;
        }
        tls_properties = *std::move(config);
        auto made = discovery::tls_of(tls_properties);
        if (made) return *std::move(made);
        service.cannot_start(made.error());
        return std::nullopt;
    }

    void add_jobs() {
        service.on_start([this] { return begin(); });
        service.on_stop([this] { return end(); });
        service.on_readiness([this](bool ready) { return readiness(ready); });
        service.every(milliseconds(server_config.eviction_interval_timer_in_ms), "Registry.evict", [this] {
            return evict();
        });
        service.every(
            milliseconds(server_config.renewal_threshold_update_interval_ms),
            "Registry.updateThreshold",
            [this] { return update_threshold(); }
        );
        service.every(std::chrono::seconds(1), "Registry.countInstances", [this] {
            return count_instances();
        });
    }

    // ---- life

    Task<Result<void>> begin() {
        // By now all routes are there, and the gate before them is still closed.
        if (access) access->protect(service.router(), open_paths());
        const std::size_t copied = co_await replicator.copy_from_peers();
        const auto& environment = service.environment();
        const auto assumed =
            environment.get<std::int64_t>("eureka.instance.registry.default-open-for-traffic-count", 1);
        FLT_CO_TRY(const std::int64_t clients, assumed);
        registry->with([&](InstanceRegistry& core, Moment at) {
            core.open_for_traffic(static_cast<std::int64_t>(copied), clients, at);
        });
        const auto idle = properties_without_effect(service.environment());
        if (!idle.empty()) log.warn("without effect in this registry: {}", join(idle, ", "));
        FLT_CO_CHECK(co_await replicator.start());
        region_reader.start();
        if (consul.dns_enabled) FLT_CO_CHECK(co_await start_dns());
        co_return Result<void>();
    }

    /// Operations ask for credentials themselves, but for health.
    std::vector<std::string> open_paths() {
        const actuator::ActuatorConfig& operations = service.actuator().config();
        std::vector<std::string> open{operations.endpoints.web.base_path};
        constexpr std::string_view ours = "server:";
        for (const auto& [group, rules] : operations.health_groups)
            if (rules.additional_path.starts_with(ours))
                open.push_back(rules.additional_path.substr(ours.size()));
        return open;
    }

    /// A port that somebody chose must be had. That 8600 is taken, by Consul or by another registry on this
    /// machine, is no reason not to start.
    Task<Result<void>> start_dns() {
        const auto started_dns = co_await dns.start();
        if (started_dns) co_return Result<void>();
        if (started_dns.error().code() != Errc::conflict) co_return fail(started_dns.error());
        const std::string holder = runtime::holder_of_port(consul.dns_port);
        const std::string taken =
            fmt::format("port {} is taken{}{}", consul.dns_port, holder.empty() ? "" : " by ", holder);
        if (service.environment().contains("eureka.consul.dns-port"))
            co_return fail(Errc::conflict, "eureka.consul.dns-port: " + taken);
        log.warn(
            "names are not answered over DNS: {}; --eureka.consul.dns-port=... chooses another (0: any), "
            "--eureka.consul.dns-enabled=false none",
            taken
        );
        co_return Result<void>();
    }

    Task<Result<void>> end() {
        FLT_CO_CHECK(co_await dns.stop());
        co_await region_reader.stop();
        co_return co_await replicator.stop();
    }

    Task<> readiness(bool ready) {
        // Streams and long polls end before the shutdown waits for requests.
        if (!ready) registry->watch().close();
        co_return;
    }

    Task<> evict() {
        const std::size_t evicted =
            registry->with([](InstanceRegistry& core, Moment at) { return core.evict(at); });
        if (evicted > 0) log.info("{} instances evicted: they no longer renew their leases", evicted);
        co_return;
    }

    Task<> update_threshold() {
        registry->with([](InstanceRegistry& core, Moment) { core.update_threshold(); });
        co_return;
    }

    Task<> count_instances() {
        meters.count_instances();
        co_return;
    }

    // ---- the page for people

    void mount_dashboard() {
        std::string path = dashboard.path;
        while (path.ends_with('/')) path.pop_back();
        const std::string last = path + "/lastn";
        service.get(path.empty() ? "/" : path, [this, last] { return page(dashboard_page(model(last))); });
        service.get(last, [this] {
            auto [cancelled, enrolled] = registry->with([](InstanceRegistry& core, Moment) {
                return std::pair(core.cancelled_history(), core.enrolled_history());
            });
            return page(history_page(cancelled, enrolled));
        });
    }

    static Response page(std::string html) {
        Response response(Status::ok, "text/html;charset=UTF-8", std::move(html));
        response.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        return response;
    }

    DashboardModel model(const std::string& last) {
        DashboardModel model;
        const auto& environment = service.environment();
        model.environment = environment.get_or("eureka.environment", "test");
        model.data_center = environment.get_or("eureka.datacenter", "default");
        model.now = registry->clock().wall_now();
        model.uptime = registry->clock().now() - started;
        std::string remote;
        model.past_start = model.uptime > milliseconds(server_config.wait_time_in_ms_when_sync_empty);
        registry->with([&](InstanceRegistry& core, Moment at) {
            model.figures = core.figures(at);
            const RegionNames& regions = core.regions().names();
            for (const ApplicationView& view : core.view(regions.usual()).applications)
                model.applications.push_back(view.application);
            for (std::size_t i = 0; i < regions.all().size(); ++i)
                remote += fmt::format("{} ({}),", regions.all()[i], core.regions().size(i));
        });
        const auto peer_states = replicator.peers();
        std::string registered;
        for (const PeerState& peer : peer_states) {
            model.peers.emplace_back(peer.url, peer.stats.available);
            registered += peer.url + ",";
        }
        model.general = {
            {"total-avail-memory", machine_memory()},
            {"num-of-cpus", std::to_string(std::thread::hardware_concurrency())},
            {"current-memory-usage", resident_memory()},
            {"server-uptime", uptime_text(model.uptime)},
            {"registered-replicas", registered},
            {"unavailable-replicas", joined(peer_states, false)},
            {"available-replicas", joined(peer_states, true)}
        };
        if (!remote.empty()) model.general.emplace_back("remote-regions", remote);
        model.instance = {{"hostname", host_name}, {"status", "UP"}};
        model.last_path = last;
        return model;
    }

    Service& service;
    OwnAddress own;
    std::string host_name;
    EurekaServerConfig server_config;
    DashboardConfig dashboard;
    ConsulConfig consul;
    log::Logger log = service.logger("registry");
    discovery::EurekaTlsConfig tls_properties;
    std::shared_ptr<SharedRegistry> registry;
    Replicator replicator;
    RegionReader region_reader;
    EurekaApi eureka;
    ConsulApi consul_api;
    PrometheusApi prometheus;
    RegistryMeters meters;
    DnsServer dns;
    std::unique_ptr<AccessControl> access;  ///< null: everybody may
    TimePoint started;
};

RegistryServer::RegistryServer(Service& service) : impl_(std::make_unique<Impl>(service)) {
    impl_->assemble();
}

RegistryServer::~RegistryServer() = default;

std::uint16_t RegistryServer::dns_port() const noexcept {
    return impl_->dns.port();
}

service::ServiceOptions registry_options(std::string name, int argc, const char* const* argv) {
    auto options = service::ServiceOptions::of_program(std::move(name), argc, argv);
    options.defaults = {
        {"server.port", 8761},
        {"eureka.client.register-with-eureka", false},
        {"eureka.client.fetch-registry", false},
        {"flotilla.shutdown.drain-delay", "0s"},
        {"management.endpoints.web.exposure.include", "health,info,metrics,prometheus"},
        {"spring.sleuth.scheduled.skip-pattern", R"(Registry\..*)"}
    };
    return options;
}

int run_registry(int argc, const char* const* argv) {
    Service service(registry_options("registry", argc, argv));
    const RegistryServer server(service);
    return service.run();
}

}  // namespace flotilla::registry
