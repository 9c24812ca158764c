#include "flotilla/gateway/gateway_server.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "flights.hpp"
#include "flotilla/actuator/actuator.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/config/property_source.hpp"
#include "flotilla/crypto/jwt.hpp"
#include "flotilla/gateway/gateway_config.hpp"
#include "flotilla/gateway/preset_routes.hpp"
#include "flotilla/reflect/leaves.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "gateway_endpoint.hpp"
#include "https_redirect.hpp"
#include "journey.hpp"

namespace flotilla::gateway {

namespace {

class GatewayHandler final : public http::Handler {
public:
    explicit GatewayHandler(GatewayShared& shared)
        : shared_(shared), rooms_(shared.service.runtime().size()) {}

    http::Pending handle(http::Request& request, http::Response& response) override {
        JourneyRooms& rooms = rooms_[runtime::EventLoop::current().index()];
        return Journey::run(Journey::make(rooms, shared_, request, response));
    }

    [[nodiscard]] bool streams_body(const http::Request&) const override { return true; }

private:
    GatewayShared& shared_;
    std::vector<JourneyRooms> rooms_;
};

/// When the configuration's files were last written, and how long they are.
using Fingerprint = std::map<std::string, std::pair<std::int64_t, std::int64_t>>;

Fingerprint fingerprint_of(const config::Environment& environment) {
    constexpr std::string_view before = "file [";
    Fingerprint made;
    for (const auto& source : environment.sources()) {
        const std::string& name = source->name();
        const std::size_t from = name.find(before);
        const std::size_t to = from == std::string::npos ? from : name.find(']', from);
        if (to == std::string::npos) continue;
        const std::string path = name.substr(from + before.size(), to - from - before.size());
        struct stat info{};
        if (stat(path.c_str(), &info) == 0)
            made[path] = {info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_size};
    }
    return made;
}

constexpr std::string_view preset_property = "flotilla.gateway.preset";

/// What a preset brings are defaults of the program, which the environment of the service is made with: files
/// are read once more for it.
void add_preset_routes(service::ServiceOptions& options) {
    auto defaults = options.defaults;
    defaults.emplace_back("spring.application.name", options.name);
    const auto environment = config::Environment::load(
        {.arguments = options.arguments,
         .variables = options.variables,
         .defaults = std::move(defaults),
         .files = options.files}
    );
    if (!environment) return;  // the service says why
    const auto routes = preset_routes(environment->get_or(preset_property, ""));
    if (!routes) return;
    const auto documents = reflect::yaml_leaves(*routes);
    if (!documents) return;  // a test reads it
    for (const reflect::Leaf& leaf : documents->front())
        options.defaults.emplace_back(leaf.key, reflect::leaf_value(leaf));
}

bool concerns_routes(const config::Environment::ChangedKeys& changed) {
    for (const std::string& key : changed)
        if (key.starts_with("spring.cloud.gateway.") || key.starts_with("token.") ||
            key.starts_with("spring.webflux.apiversion."))
            return true;
    return false;
}

}  // namespace

struct GatewayServer::Impl {
    Impl(Service& to, Components components)
        : service(to),
          log(service.logger("gateway")),
          config(read_config()),
          proxy(make_proxy()),
          upstreams(service.runtime()),
          refresher(service, config.client, config.hop_by_hop),
          redirect(service, config.https_redirect),
          admission(config.admission, service.meters()),
          tables(service, config, admission, std::move(components)) {
        if (!proxy) return;
        check_preset();
        shared = std::make_unique<GatewayShared>(
            GatewayShared{service, config, *proxy, upstreams, admission, tables, flights, refresher, log}
        );
        handler = std::make_unique<GatewayHandler>(*shared);
        service.router().otherwise(*handler);
        if (const auto loaded = tables.reload(); !loaded) service.cannot_start(loaded.error());
        service.actuator().add(gateway_endpoint(tables, config));
        service.actuator().info().add([&environment = service.environment()](Json& info) {
            const auto secret = environment.get("token.secret");
            if (!secret || secret->empty()) return;
            // As the services that issue tokens tell theirs: two that differ refuse each other's.
            info.set("token", Json::object({{"fingerprint", "****" + crypto::secret_fingerprint(*secret)}}));
        });
        if (config.https_redirect.port) service.on_start([this] { return redirect.start(); });
        service.on_stop([this] { return stop(); });
        subscription = service.environment().subscribe([this](const auto& changed) {
            if (concerns_routes(changed)) tables.reload_and_tell();
        });
        watch();
    }

    void check_preset() {
        const std::string preset = service.environment().get_or(preset_property, "");
        if (preset.empty() || preset_routes(preset)) return;
        service.cannot_start(Error(
            make_error_code(Errc::invalid_argument),
            fmt::format("{}: '{}' is neither shop nor course", preset_property, preset)
        ));
    }

    GatewayConfig read_config() {
        auto read = read_gateway_config(service.environment());
        if (read) return *std::move(read);
        service.cannot_start(read.error());
        return {};
    }

    std::unique_ptr<proxy::Proxy> make_proxy() {
        const http::Telemetry telemetry{
            .meters = &service.meters(),
            .tracer = &service.tracer(),
            .log = service.logger("gateway.proxy"),
            .access_log = {}
        };
        auto made = proxy::Proxy::create(service.runtime(), config.client, telemetry, config.hop_by_hop);
        if (made) return *std::move(made);
        service.cannot_start(made.error().within("httpclient"));
        return nullptr;
    }

    void watch() {
        fingerprint = fingerprint_of(service.environment());
        if (config.reload_interval.count() > 0)
            service.every(config.reload_interval, "Gateway.reload", [this] { return look_at_files(); });
        if (config.locator.enabled)
            service.every(std::chrono::seconds(1), "Gateway.locate", [this] { return locate(); });
    }

    /// A file that has changed is read again; whoever is concerned is told by the environment.
    Task<> look_at_files() {
        const auto look = [this] { return refresh_if_changed(); };
        (void)co_await service.blocking(look);
    }

    /// On the pool: it reads files.
    bool refresh_if_changed() {
        Fingerprint now = fingerprint_of(service.environment());
        if (now == fingerprint) return false;
        const auto refreshed = service.environment().refresh();
        if (!refreshed) log.error("the configuration stays as it is: {}", refreshed.error().message());
        // Of the files that are read now: there may be others.
        if (refreshed) now = fingerprint_of(service.environment());
        fingerprint = std::move(now);
        return true;
    }

    Task<> locate() {
        tables.notice_services();
        co_return;
    }

    Task<Result<void>> stop() {
        co_await redirect.stop();
        co_await refresher.stop();
        co_await proxy->stop();
        co_return Result<void>();
    }

    Service& service;
    log::Logger log;
    GatewayConfig config;
    std::unique_ptr<proxy::Proxy> proxy;
    Upstreams upstreams;
    Flights flights;
    Refresher refresher;
    HttpsRedirect redirect;
    Admission admission;
    TableKeeper tables;
    std::unique_ptr<GatewayShared> shared;
    std::unique_ptr<GatewayHandler> handler;
    config::Subscription subscription;
    Fingerprint fingerprint;
};

GatewayServer::GatewayServer(Service& service, Components components)
    : impl_(std::make_unique<Impl>(service, std::move(components))) {}

GatewayServer::~GatewayServer() = default;

Result<void> GatewayServer::reload() {
    return impl_->tables.reload();
}

service::ServiceOptions gateway_options(std::string name, int argc, const char* const* argv) {
    auto options = service::ServiceOptions::of_program(std::move(name), argc, argv);
    options.defaults = {
        {"server.port", 8000},
        {"management.endpoints.web.exposure.include", "health,info,metrics,prometheus"},
        // Its own housekeeping is nobody's trace.
        {"spring.sleuth.scheduled.skip-pattern", R"(Gateway\..*)"},
    };
    add_preset_routes(options);
    return options;
}

int run_gateway(int argc, const char* const* argv) {
    Service service(gateway_options("apigateway-service", argc, argv));
    const GatewayServer server(service);
    return service.run();
}

}  // namespace flotilla::gateway
