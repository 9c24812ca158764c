#include "flotilla/discovery/eureka_client.hpp"

#include <algorithm>

#include "eureka_client_impl.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/discovery/error.hpp"
#include "flotilla/eureka/codec.hpp"

namespace flotilla::discovery {

namespace {

using eureka::InstanceStatus;

http::ClientConfig client_config(const EurekaClientConfig& config, const Means& means) {
    http::ClientConfig out;
    out.name = "eureka";
    out.timeouts.connect = std::chrono::seconds(config.eureka_server_connect_timeout_seconds);
    out.timeouts.response = std::chrono::seconds(config.eureka_server_read_timeout_seconds);
    out.timeouts.idle = out.timeouts.response;
    out.timeouts.total = out.timeouts.connect + out.timeouts.response * 2;
    // Reads, writes and a stream, all on one loop, which has an even share of what is allowed.
    out.pool.max_connections = out.pool.max_connections_per_host = 8 * means.runtime.size();
    out.max_response_size = Bytes::mega(256);
    out.max_redirects = 5;
    out.decompress = true;
    out.send_deadline = false;
    if (auto tls = tls_of(config.tls)) {
        out.tls = *std::move(tls);
    } else {
        means.log.error("{}", tls.error().message());
    }
    return out;
}

double jitter(const EurekaClientConfig& config) {
    return std::min(config.jitter_percent, 100U) / 100.0;
}

EurekaReader::Settings reading(const EurekaClientConfig& config) {
    EurekaReader::Settings settings;
    settings.interval = std::chrono::seconds(config.registry_fetch_interval_seconds);
    settings.disable_delta = config.disable_delta;
    settings.back_off_bound = config.cache_refresh_executor_exponential_back_off_bound;
    settings.jitter = jitter(config);
    settings.copy.only_up = config.filter_only_up_instances;
    return settings;
}

EurekaRegistrar::Settings registering(const EurekaClientConfig& config, const eureka::InstanceInfo& self) {
    EurekaRegistrar::Settings settings;
    const eureka::LeaseInfo lease = self.lease_info.value_or(eureka::LeaseInfo{});
    settings.renewal = std::chrono::seconds(lease.renewal_interval_in_secs);
    settings.replication = std::chrono::seconds(config.instance_info_replication_interval_seconds);
    settings.initial_replication =
        std::chrono::seconds(config.initial_instance_info_replication_interval_seconds);
    settings.unregister_delay = std::chrono::seconds(config.unregister_delay_seconds);
    settings.back_off_bound = config.heartbeat_executor_exponential_back_off_bound;
    settings.unregister = config.should_unregister_on_shutdown;
    settings.jitter = jitter(config);
    return settings;
}

std::string zone_of(const EurekaInstanceConfig& instance) {
    const auto zone = instance.metadata_map.find("zone");
    return zone == instance.metadata_map.end() ? std::string() : zone->second;
}

}  // namespace

EurekaClient::Impl::Impl(Means given, EurekaClientConfig settings, EurekaInstanceConfig of_instance)
    : means(given),
      config(std::move(settings)),
      instance(std::move(of_instance)),
      client(
          means.runtime,
          client_config(config, means),
          {.meters = means.meters, .tracer = nullptr, .log = means.log}
      ),
      reads(means, client, registry_urls(config, zone_of(instance)), Random::from_system()),
      writes(means, client, registry_urls(config, zone_of(instance)), Random::from_system()) {
    informed = !config.fetch_registry;
    if (config.fetch_registry) reader.emplace(reading(config), Random::from_system(), now());
}

// The outside.

EurekaClient::EurekaClient(Means means, EurekaClientConfig config, EurekaInstanceConfig instance)
    : impl_(std::make_unique<Impl>(means, std::move(config), std::move(instance))) {}

EurekaClient::~EurekaClient() = default;

Snapshot EurekaClient::instances(std::string_view service) {
    return impl_->directory.find(service);
}

std::vector<std::string> EurekaClient::services() const {
    return impl_->directory.services();
}

ListSubscription EurekaClient::subscribe(ListListener listener) {
    return impl_->directory.subscribe(std::move(listener));
}

void EurekaClient::on_copy(std::function<void(const eureka::Applications&)> listener) {
    impl_->copy_listener = std::move(listener);
}

bool EurekaClient::announces() const noexcept {
    return impl_->config.register_with_eureka;
}

Result<void> EurekaClient::introduce(const SelfDescription& self) {
    FLT_TRY(auto info, make_instance(impl_->instance, self));
    introduce(std::move(info));
    return {};
}

void EurekaClient::introduce(eureka::InstanceInfo self) {
    if (!impl_->config.register_with_eureka) return;
    const auto settings = registering(impl_->config, self);
    impl_->registrar.emplace(
        std::move(self), settings, Random::from_system(), impl_->now(), impl_->wall_now()
    );
    impl_->writer_word.notify_all();
}

void EurekaClient::ready() {
    set_status(eureka::parse_status(impl_->instance.initial_status).value_or(InstanceStatus::up));
}

void EurekaClient::tell_status(std::string_view status) {
    set_status(eureka::parse_status(status).value_or(InstanceStatus::unknown));
}

Task<> EurekaClient::run() {
    const std::function<Task<int>(runtime::TaskScope&)> body = [impl = impl_.get()](runtime::TaskScope& scope
                                                               ) { return impl->live(scope); };
    (void)co_await runtime::in_scope(runtime::EventLoop::current(), body);
}

void EurekaClient::set_status(eureka::InstanceStatus status) {
    if (!impl_->registrar) return;
    impl_->registrar->set_status(status, impl_->now(), impl_->wall_now());
    impl_->writer_word.notify_all();
}

void EurekaClient::set_metadata(eureka::Metadata metadata) {
    if (!impl_->registrar) return;
    impl_->registrar->set_metadata(std::move(metadata), impl_->now(), impl_->wall_now());
    impl_->writer_word.notify_all();
}

Task<> EurekaClient::leave(Deadline deadline) {
    if (!impl_->registrar) co_return;
    impl_->registrar->leave(impl_->now(), impl_->wall_now());
    impl_->writer_word.notify_all();
    while (!impl_->registrar->said_down()) {
        const runtime::Wake why = co_await impl_->written.wait(deadline);
        if (why != runtime::Wake::ready) co_return;
    }
}

Task<> EurekaClient::finish(Deadline deadline) {
    if (!impl_->registrar) co_return;
    impl_->registrar->leave(impl_->now(), impl_->wall_now());
    impl_->registrar->leave_now(impl_->now());
    impl_->writer_word.notify_all();
    while (!impl_->registrar->gone()) {
        const runtime::Wake why = co_await impl_->written.wait(deadline);
        if (why != runtime::Wake::ready) co_return;
    }
}

Task<Result<RegistryStatus>> EurekaClient::registry_status() {
    if (!impl_->registrar) co_return fail(Errc::not_found, "this service registers nowhere");
    EurekaTransport way(impl_->means, impl_->client, impl_->writes.endpoints().urls(), Random::from_system());
    const EurekaAnswer answer = co_await way.perform(query_call(impl_->registrar->self()));
    if (!answer.done()) co_return fail(DiscoveryErrc::unreachable, "no registry answers");
    if (answer.status == 404)
        co_return fail(Errc::not_found, answer.registry + " does not know this service");
    const auto info = eureka::decode_instance(answer.body, eureka::Format::json);
    if (!info) co_return fail(info.error().within(answer.registry));
    RegistryStatus status;
    status.status = eureka::to_text(info->status);
    status.overridden = eureka::to_text(info->overridden_status);
    co_return status;
}

Task<Result<void>> EurekaClient::override_status(std::optional<std::string> wanted) {
    std::optional<InstanceStatus> status;
    if (wanted) {
        status = eureka::parse_status(to_upper(*wanted));
        if (!status) co_return fail(Errc::invalid_argument, "'" + *wanted + "' is no status");
    }
    if (!impl_->registrar) co_return fail(Errc::not_found, "this service registers nowhere");
    EurekaTransport way(impl_->means, impl_->client, impl_->writes.endpoints().urls(), Random::from_system());
    const EurekaAnswer answer = co_await way.perform(override_call(impl_->registrar->self(), status));
    if (!answer.done()) co_return fail(DiscoveryErrc::unreachable, "no registry answers");
    if (answer.status == 404)
        co_return fail(Errc::not_found, answer.registry + " does not know this service");
    co_return Result<void>();
}

std::optional<RegistryReport> EurekaClient::report() const {
    const std::lock_guard lock(impl_->report_mutex);
    return impl_->report;
}

bool EurekaClient::informed() const noexcept {
    return impl_->informed;
}

bool EurekaClient::registered() const noexcept {
    return impl_->registered;
}

}  // namespace flotilla::discovery
