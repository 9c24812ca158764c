#pragma once
/// What is to be told to one peer, and what its answers mean. Pure: the shell asks when a batch is due, sends
/// it and reports back.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/eureka/replication.hpp"
#include "flotilla/registry/instance_registry.hpp"

namespace flotilla::registry {

/// One thing that happened here. What the instance is like is looked up when it is sent.
struct ReplicationTask {
    eureka::ReplicationAction action = eureka::ReplicationAction::register_;
    std::string app;
    std::string id;
    std::optional<InstanceStatus> status = {};  ///< of StatusUpdate and DeleteStatusOverride
};

enum class SendFailure : std::uint8_t {
    unreachable,  ///< no connection
    busy,         ///< 503, or no answer in time
    refused       ///< another error: saying the same again cannot help
};

/// What to do with a peer's answers.
struct PeerVerdict {
    /// Copies at the peer that are newer than ours: to be enrolled as from a peer.
    std::vector<InstancePtr> adopt = {};
};

struct PeerQueueStats {
    std::size_t queued = 0;
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;  ///< too old, too many, or refused
    std::uint64_t failures = 0;
    bool available = false;  ///< the last attempt was answered
};

class PeerQueue {
public:
    struct Config {
        std::size_t capacity = 10'000;
        std::size_t batch_size = 250;
        Duration batch_delay = std::chrono::milliseconds(500);
        Duration time_to_live = std::chrono::seconds(30);
        Duration retry_unreachable = std::chrono::milliseconds(100);
        Duration retry_busy = std::chrono::milliseconds(1000);
    };

    explicit PeerQueue(Config config) : config_(config) {}

    /// A newer task of the same kind for the same instance takes the older one's place.
    void offer(ReplicationTask task, TimePoint now);

    /// When the next batch should leave; nothing while there is nothing to send, or a batch is on its way.
    [[nodiscard]] std::optional<TimePoint> due() const;
    /// The next batch, which is on its way from now on; empty when nothing is due.
    [[nodiscard]] std::vector<eureka::ReplicationItem> take(const InstanceRegistry& registry, TimePoint now);

    /// The answers to the batch, by position; when their number differs they mean nothing.
    PeerVerdict answered(const std::vector<eureka::ReplicationAnswer>& answers, TimePoint now);
    /// The batch did not arrive: what can be repeated is queued again.
    void failed(SendFailure failure, TimePoint now);

    [[nodiscard]] PeerQueueStats stats() const noexcept;

private:
    struct Entry {
        std::string key;
        ReplicationTask task;
        TimePoint since;
    };

    static std::string key_of(const ReplicationTask& task);
    static std::optional<eureka::ReplicationItem> item_of(
        const ReplicationTask& task, const InstanceRegistry& registry
    );
    void drop_front();

    Config config_;
    std::list<Entry> queue_;
    std::map<std::string, std::list<Entry>::iterator> by_key_;
    std::vector<Entry> in_flight_;
    TimePoint waiting_since_;  ///< of the first task of the next batch
    std::optional<TimePoint> not_before_;
    PeerQueueStats stats_;
};

/// What a peer's batch does here: the answers, in order.
std::vector<eureka::ReplicationAnswer> apply_batch(
    InstanceRegistry& registry, const std::vector<eureka::ReplicationItem>& items, Moment at
);

}  // namespace flotilla::registry
