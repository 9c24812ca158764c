#include "flights.hpp"

#include <utility>

namespace flotilla::gateway {

Flights::Leader Flights::join(const std::string& key, const std::shared_ptr<Waiter>& waiter) {
    const std::scoped_lock lock(mutex_);
    const auto [flight, first] = running_.try_emplace(key);
    if (first) return Leader(*this, key);
    waiter->fate = flight->second.fate;
    flight->second.waiters.push_back(waiter);
    return {};
}

void Flights::tell(const std::string& key, Fate fate) {
    std::vector<std::shared_ptr<Waiter>> waiters;
    {
        const std::scoped_lock lock(mutex_);
        const auto flight = running_.find(key);
        if (flight == running_.end()) return;
        flight->second.fate = fate;
        waiters = flight->second.waiters;
    }
    for (auto& waiter : waiters) {
        runtime::EventLoop& loop = waiter->loop;
        loop.post([waiter = std::move(waiter), fate] {
            waiter->fate = fate;
            waiter->signal.notify_all();
        });
    }
}

void Flights::end(const std::string& key, bool answered) noexcept {
    std::vector<std::shared_ptr<Waiter>> waiters;
    {
        const std::scoped_lock lock(mutex_);
        const auto flight = running_.find(key);
        if (flight == running_.end()) return;
        waiters = std::move(flight->second.waiters);
        running_.erase(flight);
    }
    for (auto& waiter : waiters) {
        runtime::EventLoop& loop = waiter->loop;
        loop.post([waiter = std::move(waiter), answered] {
            waiter->landed = true;
            waiter->broken_off = !answered;
            waiter->signal.notify_all();
        });
    }
}

}  // namespace flotilla::gateway
