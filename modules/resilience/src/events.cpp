#include "flotilla/resilience/events.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::resilience {

namespace {

constexpr std::array<std::string_view, event_type_count> names{
    "SUCCESS",
    "ERROR",
    "IGNORED_ERROR",
    "NOT_PERMITTED",
    "STATE_TRANSITION",
    "RESET",
    "FAILURE_RATE_EXCEEDED",
    "SLOW_CALL_RATE_EXCEEDED",
    "RETRY",
    "TIMEOUT",
    "CALL_PERMITTED",
    "CALL_REJECTED",
    "CALL_FINISHED",
    "SUCCESSFUL_ACQUIRE",
    "FAILED_ACQUIRE",
    "DRAINED",
    "CACHE_HIT",
    "CACHE_MISS",
    "CACHE_ERROR",
    "START",
    "FAILURE",
};
static_assert(static_cast<std::size_t>(EventType::failure) + 1 == event_type_count);

class SlotGuard {
public:
    explicit SlotGuard(std::atomic<bool>& busy) noexcept : busy_(busy) {
        while (busy_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
    }

    ~SlotGuard() { busy_.store(false, std::memory_order_release); }

    SlotGuard(const SlotGuard&) = delete;
    SlotGuard& operator=(const SlotGuard&) = delete;

private:
    std::atomic<bool>& busy_;
};

}  // namespace

std::string_view to_string(EventType type) noexcept {
    return names[static_cast<std::size_t>(type)];
}

std::optional<EventType> event_type_of(std::string_view text) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (iequals(names[i], text)) return static_cast<EventType>(i);
    }
    return std::nullopt;
}

void Events::subscribe(Consumer consumer) {
    add({std::nullopt, std::move(consumer)});
}

void Events::subscribe(EventType type, Consumer consumer) {
    add({type, std::move(consumer)});
}

void Events::add(Subscriber subscriber) {
    const std::scoped_lock lock(mutex_);
    const std::uint32_t wanted = subscriber.type ? bit(*subscriber.type) : ~0U;
    auto grown = subscribers_ ? std::make_shared<std::vector<Subscriber>>(*subscribers_)
                              : std::make_shared<std::vector<Subscriber>>();
    const auto typed = std::find_if(grown->begin(), grown->end(), [](const auto& one) { return one.type; });
    grown->insert(subscriber.type ? grown->end() : typed, std::move(subscriber));
    subscribers_ = std::move(grown);
    subscribed_.fetch_or(wanted, std::memory_order_release);
    wanted_.fetch_or(wanted, std::memory_order_relaxed);
}

void Events::keep(std::size_t count) {
    slots_ = std::vector<Slot>(count);
    if (count > 0) wanted_.store(~0U, std::memory_order_relaxed);
}

void Events::publish(Event event) noexcept {
    if (!wanted(event.type)) return;
    std::shared_ptr<const std::vector<Subscriber>> subscribers;
    if ((subscribed_.load(std::memory_order_acquire) & bit(event.type)) != 0) {
        const std::scoped_lock lock(mutex_);
        subscribers = subscribers_;
    }
    if (subscribers) {
        try {
            for (const Subscriber& subscriber : *subscribers) {
                if (!subscriber.type || *subscriber.type == event.type) subscriber.consumer(event);
            }
        } catch (...) {
            consumer_failures_.fetch_add(1, std::memory_order_relaxed);
        }
    }
    if (!slots_.empty()) store(std::move(event));
}

void Events::store(Event event) noexcept {
    const std::uint64_t ticket = next_.fetch_add(1, std::memory_order_relaxed) + 1;
    Slot& slot = slots_[(ticket - 1) % slots_.size()];
    const SlotGuard guard(slot.busy);
    if (slot.ticket > ticket) return;  // overtaken by a whole round
    slot.ticket = ticket;
    slot.event = std::move(event);
}

std::vector<Event> Events::recent() const {
    std::uint64_t all = 0;
    return since(all);
}

std::vector<Event> Events::since(std::uint64_t& after) const {
    std::vector<std::pair<std::uint64_t, Event>> found;
    found.reserve(slots_.size());
    for (Slot& slot : slots_) {
        const SlotGuard guard(slot.busy);
        if (slot.ticket > after) found.emplace_back(slot.ticket, slot.event);
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    if (!found.empty()) after = found.back().first;
    std::vector<Event> events;
    events.reserve(found.size());
    for (auto& [ticket, event] : found) events.push_back(std::move(event));
    return events;
}

}  // namespace flotilla::resilience
