#include "flotilla/discovery/eureka_client.hpp"

#include <atomic>
#include <mutex>

#include "eureka_transport.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/discovery/error.hpp"
#include "flotilla/discovery/eureka_reader.hpp"
#include "flotilla/discovery/eureka_registrar.hpp"
#include "flotilla/eureka/codec.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/http/sse.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::discovery {

namespace {

using eureka::InstanceStatus;

/// Between two attempts to listen.
constexpr Duration first_pause = std::chrono::milliseconds(500);
constexpr Duration longest_pause = std::chrono::seconds(30);
/// A registry that pushes says now and then that there is nothing to say.
constexpr std::chrono::milliseconds longest_silence = std::chrono::seconds(65);

http::ClientConfig client_config(const EurekaClientConfig& config) {
    http::ClientConfig out;
    out.name = "eureka";
    out.timeouts.connect = std::chrono::seconds(config.eureka_server_connect_timeout_seconds);
    out.timeouts.response = std::chrono::seconds(config.eureka_server_read_timeout_seconds);
    out.timeouts.idle = out.timeouts.response;
    out.timeouts.total = out.timeouts.connect + out.timeouts.response * 2;
    out.max_response_size = Bytes::mega(256);
    out.max_redirects = 5;
    out.decompress = true;
    out.send_deadline = false;
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

struct EurekaClient::Impl {
    Impl(Means given, EurekaClientConfig settings, EurekaInstanceConfig of_instance)
        : means(given),
          config(std::move(settings)),
          instance(std::move(of_instance)),
          client(
              means.runtime,
              client_config(config),
              {.meters = means.meters, .tracer = nullptr, .log = means.log}
          ),
          reads(means, client, registry_urls(config, zone_of(instance)), Random::from_system()),
          writes(means, client, registry_urls(config, zone_of(instance)), Random::from_system()) {
        informed = !config.fetch_registry;
        if (config.fetch_registry) reader.emplace(reading(config), Random::from_system(), now());
    }

    [[nodiscard]] TimePoint now() const { return means.runtime.clock().now(); }

    [[nodiscard]] WallTime wall_now() const { return means.runtime.clock().wall_now(); }

    Task<int> live(runtime::TaskScope& scope);
    Task<> read();
    Task<> read_once(Fetch what);
    Task<> listen();
    Task<Result<void>> follow(http::SseParser& parser, const std::string& url);
    Task<> take(http::SseMessage message);
    Task<> write();
    Task<> write_once(Announcement what);
    Task<> wait_for(runtime::Signal& word, TimePoint due);
    void publish();
    void look_again();

    const Means means;
    const EurekaClientConfig config;
    const EurekaInstanceConfig instance;
    http::Client client;
    Directory directory;
    std::optional<EurekaReader> reader;
    std::optional<EurekaRegistrar> registrar;
    EurekaTransport reads;
    EurekaTransport writes;
    runtime::Signal reader_word;
    runtime::Signal writer_word;
    runtime::Signal push_word;
    std::string push_url;     // of the registry that was read last; empty where it does not push
    runtime::Signal written;  // a request of the writer has ended
    bool reads_failed = false;
    bool healthy_report = false;  // says what was read last
    std::uint64_t published = 0;  // version of the copy
    std::atomic<bool> informed{false};
    std::atomic<bool> registered{false};
    mutable std::mutex report_mutex;
    RegistryReport report{
        "UP", "Eureka discovery client has not yet successfully connected to a Eureka server", {}
    };
};

Task<> EurekaClient::Impl::wait_for(runtime::Signal& word, TimePoint due) {
    // The end of time is a deadline that never comes.
    const Deadline deadline(due);
    (void)co_await word.wait(deadline);
}

Task<int> EurekaClient::Impl::live(runtime::TaskScope& scope) {
    if (reader) scope.spawn("eureka-read", read());
    if (reader && config.push) scope.spawn("eureka-listen", listen());
    if (config.register_with_eureka) scope.spawn("eureka-write", write());
    co_return static_cast<int>(co_await scope.drain(Deadline()));
}

// Reading.

Task<> EurekaClient::Impl::read() {
    for (;;) {
        if (const auto what = reader->begin(now())) {
            co_await read_once(*what);
        } else {
            co_await wait_for(reader_word, reader->due());
        }
    }
}

Task<> EurekaClient::Impl::read_once(Fetch what) {
    const std::string before = reads.endpoints().current();
    EurekaAnswer answer = co_await reads.perform(fetch_call(what, config.fetch_remote_regions_registry));
    if (!answer.done()) {
        reads_failed = true;
        if (informed) {
            healthy_report = false;
            const std::lock_guard lock(report_mutex);
            report.status = "UP";
            report.description =
                "Eureka discovery client is reporting failures to connect to a Eureka server";
        }
        reader->failed(answer.timed_out ? FetchFailure::timed_out : FetchFailure::refused, now());
        co_return;
    }
    if (std::exchange(reads_failed, false)) look_again();
    if (push_url != answer.push) {
        push_url = answer.push;
        push_word.notify_all();
    }
    if (!answer.applications) {
        if (what == Fetch::delta) {
            reader->delta_refused(now());
        } else {
            reader->failed(FetchFailure::refused, now());
        }
        co_return;
    }
    if (what == Fetch::full) {
        reader->full_arrived(*std::move(answer.applications), now());
        if (!informed.exchange(true)) {
            means.log.info(
                "read {} instances from {}", reader->copy().applications().instance_count(), answer.registry
            );
        }
    } else {
        reader->delta_arrived(*answer.applications, now());
    }
    publish();
}

void EurekaClient::Impl::publish() {
    if (std::exchange(published, reader->copy().version()) == reader->copy().version() && healthy_report)
        return;
    RegistryReport now_known{"UNKNOWN", "Remote status from Eureka server", {}};
    const eureka::Applications& all = reader->copy().applications();
    for (const auto& [name, application] : all.by_name) {
        now_known.applications.emplace_back(name, application.instances.size());
    }
    if (!registrar) {
        now_known.status = "UP";
    } else if (const auto* ours = all.find(registrar->self().app)) {
        if (const auto* self = ours->find(registrar->self().id()))
            now_known.status = eureka::to_text(self->status);
    }
    {
        const std::lock_guard lock(report_mutex);
        report = std::move(now_known);
        healthy_report = true;
    }
    directory.publish_all(reader->copy().groups());
}

/// A registry that was away may have forgotten us.
void EurekaClient::Impl::look_again() {
    if (!registrar) return;
    registrar->hurry(now());
    writer_word.notify_all();
}

// Listening, where the registry tells changes by itself.

Task<> EurekaClient::Impl::listen() {
    http::SseParser parser(client.config().max_response_size.count);
    std::string listened;
    Duration pause = first_pause;
    for (;;) {
        while (push_url.empty()) co_await push_word.wait();
        if (std::exchange(listened, push_url) != push_url)
            parser = http::SseParser(client.config().max_response_size.count);
        const std::string url = push_url;
        const TimePoint began = now();
        const auto ended = co_await follow(parser, url);
        if (!ended) means.log.debug("changes from {}: {}", shown_url(url), ended.error().message());
        // Until it is back, intervals count again.
        reader->hurry(now());
        reader_word.notify_all();
        look_again();
        pause = now() - began > longest_pause ? first_pause : std::min(pause * 2, longest_pause);
        co_await runtime::sleep_for(pause);
    }
}

Task<Result<void>> EurekaClient::Impl::follow(http::SseParser& parser, const std::string& url) {
    auto request = http::ClientRequest::get(url);
    request.header("Accept", "application/json, text/event-stream")
        .timeout(std::chrono::milliseconds(0))
        .idle_timeout(longest_silence);
    if (!parser.last_event_id().empty()) request.header("Last-Event-ID", parser.last_event_id());
    auto stream = co_await client.open(std::move(request));
    if (!stream) co_return fail(stream.error());
    if (stream->status() != 200)
        co_return fail(DiscoveryErrc::refused, "status " + std::to_string(stream->status()));
    for (;;) {
        const auto piece = co_await stream->read();
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) co_return Result<void>();
        std::vector<http::SseMessage> messages;
        FLT_CO_CHECK(parser.feed(*piece, [&](const http::SseMessage& message) {
            messages.push_back(message);
        }));
        for (http::SseMessage& message : messages) co_await take(std::move(message));
    }
}

Task<> EurekaClient::Impl::take(http::SseMessage message) {
    auto document = co_await reads.decode(std::move(message.data));
    if (!document) {
        means.log.warn("a change that was pushed: {}", document.error().message());
        reader->hurry(now());
        reader_word.notify_all();
        co_return;
    }
    if (message.event == "full") {
        reader->pushed_full(*std::move(document), now());
    } else {
        reader->pushed_delta(*document, now());
    }
    reader_word.notify_all();
    publish();
}

// Writing.

Task<> EurekaClient::Impl::write() {
    while (!registrar) co_await wait_for(writer_word, TimePoint::max());
    while (!registrar->gone()) {
        if (auto what = registrar->begin(now())) {
            co_await write_once(*std::move(what));
            registered = registrar->registered();
            written.notify_all();
        } else {
            co_await wait_for(writer_word, registrar->due());
        }
    }
    registered = false;
    written.notify_all();
}

Task<> EurekaClient::Impl::write_once(Announcement what) {
    const EurekaAnswer answer = co_await writes.perform(announcement_call(what));
    const bool was_registered = registrar->registered();
    if (!answer.done()) {
        registrar->failed(what, answer.timed_out, now());
        co_return;
    }
    registrar->answered(what, answer.status, now(), wall_now());
    const std::string who = what.instance.app + "/" + std::string(what.instance.id());
    if (!was_registered && registrar->registered()) {
        means.log.info("registered {} at {}", who, answer.registry);
    } else if (what.kind == Announcement::Kind::heartbeat && answer.status == 404) {
        means.log.info("{} does not know {}: registers again", answer.registry, who);
    } else if (what.kind == Announcement::Kind::cancel) {
        means.log.info("deregistered {} at {}", who, answer.registry);
    }
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
        if (co_await impl_->written.wait(deadline) != runtime::Wake::ready) co_return;
    }
}

Task<> EurekaClient::finish(Deadline deadline) {
    if (!impl_->registrar) co_return;
    impl_->registrar->leave(impl_->now(), impl_->wall_now());
    impl_->registrar->leave_now(impl_->now());
    impl_->writer_word.notify_all();
    while (!impl_->registrar->gone()) {
        if (co_await impl_->written.wait(deadline) != runtime::Wake::ready) co_return;
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
