#include "replicator.hpp"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "flotilla/http/url.hpp"
#include "flotilla/metrics/registry.hpp"

namespace flotilla::registry {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t attempts_logged_apart = 30;

http::ClientConfig client_config(const EurekaServerConfig& config, std::optional<runtime::TlsConfig> tls) {
    http::ClientConfig client{.name = "eureka-peers"};
    client.timeouts.connect = milliseconds(config.peer_node_connect_timeout_ms);
    client.timeouts.response = milliseconds(config.peer_node_read_timeout_ms);
    client.timeouts.idle = milliseconds(config.peer_node_read_timeout_ms);
    client.timeouts.total =
        milliseconds(config.peer_node_connect_timeout_ms + 2 * config.peer_node_read_timeout_ms);
    client.max_response_size = Bytes::mega(256);
    client.decompress = true;
    client.tls = std::move(tls);
    return client;
}

PeerQueue::Config queue_config(const EurekaServerConfig& config) {
    PeerQueue::Config queue;
    queue.capacity = config.max_elements_in_peer_replication_pool;
    queue.time_to_live = milliseconds(config.max_time_for_replication);
    return queue;
}

/// A registry that has a user wants to be told of him by its peers as well.
std::string status_text(int status) {
    const bool stranger = status == http::code_of(http::Status::unauthorized);
    return fmt::format(
        "status {}{}",
        status,
        stranger ? " (it asks for credentials: http://user:password@host:port/eureka/)" : ""
    );
}

std::string without_credentials(const std::string& text) {
    auto url = http::Url::parse(text);
    if (!url) return text;
    url->user_info.clear();
    return url->to_string();
}

SendFailure failure_of(const Error& error) {
    return error.code() == make_error_code(Errc::timed_out) ? SendFailure::busy : SendFailure::unreachable;
}

}  // namespace

/// The queue is touched by every loop, under its lock; the rest belongs to the first one.
struct Replicator::Peer {
    Peer(std::string to, const EurekaServerConfig& config, metrics::Registry* meters)
        : url(std::move(to)), shown_url(without_credentials(url)), queue(queue_config(config)) {
        if (meters == nullptr) return;
        failures = meters->counter(
            "flotilla.registry.replication.failures",
            {{"peer", shown_url}},
            {.description = "Batches of changes that a peer did not take."}
        );
    }

    std::string url;  ///< ends with a slash
    std::string shown_url;
    std::mutex mutex;
    PeerQueue queue;
    runtime::Signal wake;
    std::size_t failures_in_a_row = 0;
    metrics::Counter failures;
};

Replicator::Replicator(
    SharedRegistry& registry,
    runtime::Runtime& runtime,
    std::vector<std::string> peer_urls,
    std::optional<runtime::TlsConfig> tls,
    http::ClientTelemetry telemetry,
    log::Logger log
)
    : registry_(registry),
      runtime_(runtime),
      client_(runtime, client_config(registry.config(), std::move(tls)), telemetry),
      log_(log) {
    for (std::string& url : peer_urls)
        peers_.push_back(std::make_shared<Peer>(std::move(url), registry.config(), telemetry.meters));
}

Replicator::~Replicator() = default;

void Replicator::offer(ReplicationTask task) {
    if (peers_.empty()) return;
    const TimePoint now = registry_.clock().now();
    for (const auto& peer : peers_) {
        const std::lock_guard lock(peer->mutex);
        peer->queue.offer(task, now);
    }
    runtime_.loop(0).post([peers = peers_] {
        for (const auto& peer : peers) peer->wake.notify_all();
    });
}

Task<Result<std::size_t>> Replicator::copy_from(std::string url) {
    auto request = http::ClientRequest::get(url + "apps/").header("Accept", "application/json");
    FLT_CO_TRY(const auto answer, co_await client_.send(std::move(request)));
    if (!answer.ok()) co_return fail(Errc::unavailable, status_text(answer.status()));
    FLT_CO_TRY(const auto theirs, eureka::decode_applications(answer.body(), eureka::Format::json));
    co_return registry_.with([&theirs](InstanceRegistry& core, Moment at) {
        std::size_t copied = 0;
        for (const auto& [name, application] : theirs.by_name)
            for (const auto& instance : application.instances)
                if (core.enroll(*instance, Origin::peer, at)) ++copied;
        return copied;
    });
}

Task<std::size_t> Replicator::copy_from_peers() {
    const auto& config = registry_.config();
    for (std::int32_t attempt = 0; attempt <= config.registry_sync_retries && !peers_.empty(); ++attempt) {
        if (attempt > 0) co_await runtime::sleep_for(milliseconds(config.registry_sync_retry_wait_ms));
        for (const auto& peer : peers_) {
            const auto copied = co_await copy_from(peer->url);
            if (copied) {
                log_.info("{} instances copied from {}", *copied, peer->shown_url);
                co_return *copied;
            }
            log_.info("{} has nothing for us yet: {}", peer->shown_url, copied.error().message());
        }
    }
    co_return 0;
}

Task<Result<void>> Replicator::start() {
    scope_ = std::make_unique<runtime::TaskScope>(runtime_.loop(0));
    for (const auto& peer : peers_) scope_->spawn("replicate to " + peer->shown_url, serve(peer));
    co_return Result<void>();
}

Task<Result<void>> Replicator::stop() {
    if (scope_) co_await scope_->stop();
    co_return Result<void>();
}

Task<> Replicator::serve(std::shared_ptr<Peer> peer) {
    while (true) {
        std::optional<TimePoint> due;
        {
            const std::lock_guard lock(peer->mutex);
            due = peer->queue.due();
        }
        const TimePoint now = registry_.clock().now();
        if (!due || *due > now) {
            const Deadline deadline = due ? Deadline(*due) : Deadline();
            co_await peer->wake.wait(deadline);
            continue;
        }
        std::vector<eureka::ReplicationItem> items;
        registry_.with([&](InstanceRegistry& core, Moment at) {
            const std::lock_guard lock(peer->mutex);
            items = peer->queue.take(core, at.now);
        });
        if (!items.empty()) co_await send(*peer, std::move(items));
    }
}

Task<> Replicator::send(Peer& peer, std::vector<eureka::ReplicationItem> items) {
    auto request = http::ClientRequest::post(peer.url + "peerreplication/batch/");
    request.body(eureka::encode_replication(items), "application/json")
        .header("Accept", "application/json")
        .header("DiscoveryIdentity-Name", "DefaultServer")
        .header("DiscoveryIdentity-Version", "1.0");
    const auto answer = co_await client_.send(std::move(request));
    const TimePoint now = registry_.clock().now();

    std::optional<SendFailure> failure;
    std::string why;
    PeerVerdict verdict;
    if (!answer) {
        failure = failure_of(answer.error());
        why = answer.error().message();
    } else if (!answer->ok()) {
        failure = answer->status() == http::code_of(http::Status::service_unavailable) ? SendFailure::busy
                                                                                       : SendFailure::refused;
        why = status_text(answer->status());
    } else if (auto answers = eureka::decode_replication_answers(answer->body())) {
        const std::lock_guard lock(peer.mutex);
        verdict = peer.queue.answered(*answers, now);
    } else {
        failure = SendFailure::refused;
        why = answers.error().message();
    }

    if (failure) {
        const std::lock_guard lock(peer.mutex);
        peer.queue.failed(*failure, now);
        peer.failures.increment();
        if (peer.failures_in_a_row++ % attempts_logged_apart == 0)
            log_.warn("{} was not told of {} changes: {}", peer.shown_url, items.size(), why);
        co_return;
    }
    if (peer.failures_in_a_row > 0) log_.info("{} is there again", peer.shown_url);
    peer.failures_in_a_row = 0;
    if (verdict.adopt.empty()) co_return;
    registry_.with([&verdict](InstanceRegistry& core, Moment at) {
        for (const auto& newer : verdict.adopt) static_cast<void>(core.enroll(*newer, Origin::peer, at));
    });
}

std::vector<PeerState> Replicator::peers() const {
    std::vector<PeerState> states;
    for (const auto& peer : peers_) {
        const std::lock_guard lock(peer->mutex);
        states.push_back({peer->shown_url, peer->queue.stats()});
    }
    return states;
}

}  // namespace flotilla::registry
