#include "flotilla/registry/peer_queue.hpp"

#include <algorithm>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/registry/registration.hpp"

namespace flotilla::registry {

namespace {

using eureka::ReplicationAction;
using eureka::ReplicationAnswer;
using eureka::ReplicationItem;

std::optional<InstanceStatus> status_of(const std::optional<std::string>& text) {
    return text ? eureka::parse_status(*text) : std::nullopt;
}

}  // namespace

std::string PeerQueue::key_of(const ReplicationTask& task) {
    return std::string(eureka::to_text(task.action)) + "#" + task.app + "/" + task.id;
}

void PeerQueue::drop_front() {
    by_key_.erase(queue_.front().key);
    queue_.pop_front();
}

void PeerQueue::offer(ReplicationTask task, TimePoint now) {
    std::string key = key_of(task);
    // Counted from the first task on: one that is replaced again and again must not hold the batch back.
    if (queue_.empty()) waiting_since_ = now;
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
        // It goes to the end, as what came in between (a cancel, say) must not undo it.
        queue_.erase(known->second);
        by_key_.erase(known);
    }
    queue_.push_back({key, std::move(task), now});
    by_key_.emplace(std::move(key), std::prev(queue_.end()));
    if (queue_.size() > config_.capacity) {
        drop_front();
        ++stats_.dropped;
    }
}

std::optional<TimePoint> PeerQueue::due() const {
    if (queue_.empty() || !in_flight_.empty()) return std::nullopt;
    const TimePoint ready =
        queue_.size() >= config_.batch_size ? waiting_since_ : waiting_since_ + config_.batch_delay;
    return not_before_ ? std::max(ready, *not_before_) : ready;
}

std::optional<ReplicationItem> PeerQueue::item_of(
    const ReplicationTask& task, const InstanceRegistry& registry
) {
    ReplicationItem item{.app_name = task.app, .id = task.id, .action = task.action};
    if (task.action == ReplicationAction::cancel) return item;
    const InstancePtr instance = registry.holder(task.app, task.id);
    if (!instance) return std::nullopt;  // gone since: its own cancel tells that
    item.last_dirty_timestamp = instance->last_dirty_timestamp;
    item.status = std::string(eureka::to_text(task.status.value_or(instance->status)));
    if (task.action == ReplicationAction::heartbeat && instance->overridden_status != InstanceStatus::unknown)
        item.overridden_status = std::string(eureka::to_text(instance->overridden_status));
    if (task.action == ReplicationAction::register_) item.instance_info = instance;
    return item;
}

std::vector<ReplicationItem> PeerQueue::take(const InstanceRegistry& registry, TimePoint now) {
    std::vector<ReplicationItem> items;
    const auto ready = due();
    if (!ready || *ready > now) return items;
    while (!queue_.empty() && items.size() < config_.batch_size) {
        Entry entry = std::move(queue_.front());
        by_key_.erase(entry.key);
        queue_.pop_front();
        auto item = item_of(entry.task, registry);
        const bool late = now - entry.since > config_.time_to_live;
        if (late) ++stats_.dropped;
        if (late || !item) continue;
        items.push_back(*std::move(item));
        in_flight_.push_back(std::move(entry));
    }
    waiting_since_ = now;
    return items;
}

PeerVerdict PeerQueue::answered(const std::vector<ReplicationAnswer>& answers, TimePoint now) {
    PeerVerdict verdict;
    stats_.available = true;
    stats_.sent += in_flight_.size();
    not_before_.reset();
    const std::vector<Entry> batch = std::exchange(in_flight_, {});
    if (answers.size() != batch.size()) return verdict;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const ReplicationTask& task = batch[i].task;
        const bool unknown_there = answers[i].status_code == 404;
        if (unknown_there && task.action != ReplicationAction::cancel) {
            offer({.action = ReplicationAction::register_, .app = task.app, .id = task.id}, now);
        } else if (answers[i].status_code == 409 && answers[i].response_entity) {
            verdict.adopt.push_back(answers[i].response_entity);
        }
    }
    return verdict;
}

void PeerQueue::failed(SendFailure failure, TimePoint now) {
    ++stats_.failures;
    stats_.available = failure == SendFailure::refused;
    std::vector<Entry> batch = std::exchange(in_flight_, {});
    if (failure == SendFailure::refused) {
        stats_.dropped += batch.size();
        return;
    }
    not_before_ =
        now + (failure == SendFailure::unreachable ? config_.retry_unreachable : config_.retry_busy);
    // Back to the front in their order, unless something newer of the same kind has come.
    for (auto entry = batch.rbegin(); entry != batch.rend(); ++entry) {
        if (by_key_.contains(entry->key)) continue;
        waiting_since_ = std::min(waiting_since_, entry->since);
        queue_.push_front(std::move(*entry));
        by_key_.emplace(queue_.front().key, queue_.begin());
    }
}

PeerQueueStats PeerQueue::stats() const noexcept {
    PeerQueueStats stats = stats_;
    stats.queued = queue_.size() + in_flight_.size();
    return stats;
}

namespace {

ReplicationAnswer apply_item(InstanceRegistry& registry, const ReplicationItem& item, Moment at) {
    constexpr int ok = 200;
    constexpr int not_found = 404;
    constexpr int conflict = 409;
    constexpr int broken = 500;
    if (item.app_name.empty() || !item.action) return {.status_code = broken};
    const std::string app = to_upper(item.app_name);
    switch (*item.action) {
        case ReplicationAction::register_: {
            if (!item.instance_info) return {.status_code = broken};
            InstanceInfo instance = *item.instance_info;
            // An invalid one is passed over in silence, as the original does.
            if (refuse_registration(instance, app)) return {.status_code = ok};
            complete_registration(instance);
            return {.status_code = registry.enroll(std::move(instance), Origin::peer, at) ? ok : 503};
        }
        case ReplicationAction::heartbeat: {
            const auto answer = registry.renew(
                app, item.id, item.last_dirty_timestamp, status_of(item.overridden_status), Origin::peer, at
            );
            switch (answer.outcome) {
                case Renewal::renewed:
                    return {.status_code = ok};
                case Renewal::conflict:
                    return {.status_code = conflict, .response_entity = answer.local};
                default:
                    return {.status_code = not_found};
            }
        }
        case ReplicationAction::cancel:
            return {.status_code = registry.cancel(app, item.id, at) ? ok : not_found};
        case ReplicationAction::status_update: {
            if (!registry.has(app, item.id, at)) return {.status_code = not_found};
            const auto status = status_of(item.status);
            if (!status) return {.status_code = broken};
            registry.override_status(app, item.id, *status, item.last_dirty_timestamp, at);
            return {.status_code = ok};
        }
        case ReplicationAction::delete_status_override: {
            if (!item.last_dirty_timestamp) return {.status_code = broken};
            if (!registry.has(app, item.id, at)) return {.status_code = not_found};
            const auto status = status_of(item.status).value_or(InstanceStatus::unknown);
            registry.delete_override(app, item.id, status, item.last_dirty_timestamp, at);
            return {.status_code = ok};
        }
    }
    return {.status_code = broken};
}

}  // namespace

std::vector<ReplicationAnswer> apply_batch(
    InstanceRegistry& registry, const std::vector<ReplicationItem>& items, Moment at
) {
    std::vector<ReplicationAnswer> answers;
    answers.reserve(items.size());
    for (const ReplicationItem& item : items) answers.push_back(apply_item(registry, item, at));
    return answers;
}

}  // namespace flotilla::registry
