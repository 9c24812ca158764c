#include "flights.hpp"

#include <utility>

namespace flotilla::remote {

namespace {

/// Somebody who waits, on a loop of his own.
struct Waiting {
    explicit Waiting(runtime::EventLoop& its_loop) : loop(its_loop) {}

    runtime::EventLoop& loop;
    runtime::Signal signal;
    bool landed = false;
};

}  // namespace

struct Flights::State {
    std::mutex mutex;
    bool landed = false;
    std::optional<CallError> error;
    std::vector<std::shared_ptr<Waiting>> waiting;
};

Flights::Leader::Leader(Flights& flights, std::string key, std::shared_ptr<State> state)
    : flights_(&flights), key_(std::move(key)), state_(std::move(state)) {}

Flights::Leader::Leader(Leader&& other) noexcept
    : flights_(other.flights_), key_(std::move(other.key_)), state_(std::move(other.state_)) {}

Flights::Leader::~Leader() {
    if (state_) flights_->land(key_, *state_);
}

void Flights::Leader::fail(const CallError& error) {
    const std::lock_guard lock(state_->mutex);
    state_->error = error;
}

Flights::Boarding Flights::board(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto [at, ours] = flying_.try_emplace(key);
    if (!ours) return {.other = at->second};
    at->second = std::make_shared<State>();
    return {.leader = Leader(*this, key, at->second)};
}

void Flights::land(const std::string& key, State& state) noexcept {
    {
        const std::lock_guard lock(mutex_);
        flying_.erase(key);
    }
    std::vector<std::shared_ptr<Waiting>> waiting;
    {
        const std::lock_guard lock(state.mutex);
        state.landed = true;
        waiting = std::move(state.waiting);
    }
    for (auto& each : waiting) {
        runtime::EventLoop& loop = each->loop;
        loop.post([one = std::move(each)] {
            one->landed = true;
            one->signal.notify_all();
        });
    }
}

Task<Flights::Ending> Flights::wait(std::shared_ptr<State> state, Deadline deadline) {
    const auto self = std::make_shared<Waiting>(runtime::EventLoop::current());
    {
        const std::lock_guard lock(state->mutex);
        if (state->landed) co_return Ending::landed;
        state->waiting.push_back(self);
    }
    while (!self->landed) {
        const runtime::Wake wake = co_await self->signal.wait(deadline);
        if (wake == runtime::Wake::timed_out && !self->landed) co_return Ending::too_late;
    }
    co_return Ending::landed;
}

std::optional<CallError> Flights::error_of(const State& state) {
    return state.error;  // written before the landing, which the caller has seen
}

}  // namespace flotilla::remote
