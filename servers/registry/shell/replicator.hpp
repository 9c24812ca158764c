#pragma once
/// Tells the other registries what happens here, and asks them at the start what they know.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/http/client.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/registry/peer_queue.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "shared_registry.hpp"

namespace flotilla::registry {

struct PeerState {
    std::string url;  ///< without credentials
    PeerQueueStats stats;
};

/// `offer` and `peers` are for every loop, the rest for the first one. Each peer has a queue and a task of
/// its own there, so that one who is slow delays nobody else.
class Replicator {
public:
    Replicator(
        SharedRegistry& registry,
        runtime::Runtime& runtime,
        std::vector<std::string> peer_urls,
        std::optional<runtime::TlsConfig> tls,
        http::ClientTelemetry telemetry,
        log::Logger log
    );
    ~Replicator();
    Replicator(const Replicator&) = delete;
    Replicator& operator=(const Replicator&) = delete;

    void offer(ReplicationTask task);

    /// Copies the registry of the first peer that answers; how many instances that were.
    Task<std::size_t> copy_from_peers();

    Task<Result<void>> start();
    Task<Result<void>> stop();

    [[nodiscard]] std::vector<PeerState> peers() const;

private:
    struct Peer;

    Task<> serve(std::shared_ptr<Peer> peer);
    Task<> send(Peer& peer, std::vector<eureka::ReplicationItem> items);
    Task<Result<std::size_t>> copy_from(std::string url);

    SharedRegistry& registry_;
    runtime::Runtime& runtime_;
    http::Client client_;
    log::Logger log_;
    std::vector<std::shared_ptr<Peer>> peers_;
    std::unique_ptr<runtime::TaskScope> scope_;
};

}  // namespace flotilla::registry
