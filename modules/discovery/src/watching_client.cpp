#include "watching_client.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <set>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

constexpr Duration first_pause = 1s;
constexpr Duration longest_pause = 30s;

}  // namespace

Duration BackOff::next() {
    const Duration whole = std::min(first_pause * (1U << std::min(failures_++, 10U)), longest_pause);
    return Duration(
        static_cast<std::int64_t>(static_cast<double>(whole.count()) * (1.0 - 0.1 * random_.unit()))
    );
}

struct WantedNames::State {
    std::mutex mutex;
    std::set<std::string> known;
    std::deque<std::string> fresh;
    runtime::EventLoop* loop = nullptr;
    runtime::Signal word;  // on the loop
};

std::shared_ptr<WantedNames::State> WantedNames::make_state() {
    return std::make_shared<State>();
}

void WantedNames::add(const std::string& name) {
    const std::lock_guard lock(state_->mutex);
    if (!state_->known.insert(name).second) return;
    state_->fresh.push_back(name);
    if (state_->loop) state_->loop->post([state = state_] { state->word.notify_all(); });
}

void WantedNames::attach(runtime::EventLoop& loop) {
    const std::lock_guard lock(state_->mutex);
    state_->loop = &loop;
}

Task<std::string> WantedNames::next() {
    for (;;) {
        {
            const std::lock_guard lock(state_->mutex);
            if (!state_->fresh.empty()) {
                std::string name = std::move(state_->fresh.front());
                state_->fresh.pop_front();
                co_return name;
            }
        }
        co_await state_->word.wait();
    }
}

WatchingClient::WatchingClient(Means means, bool announces) : means_(means), announces_(announces) {}

Snapshot WatchingClient::instances(std::string_view service) {
    Snapshot known = directory_.find(service);
    if (!known->known) wanted_.add(known->service);
    return known;
}

Result<void> WatchingClient::introduce(const SelfDescription& self) {
    FLT_CHECK(prepare(self));
    introduced_ = true;
    word_.notify_all();
    return {};
}

Task<> WatchingClient::run() {
    const std::function<Task<int>(runtime::TaskScope&)> body = [this](runtime::TaskScope& scope) {
        return live(scope);
    };
    (void)co_await runtime::in_scope(runtime::EventLoop::current(), body);
}

Task<int> WatchingClient::live(runtime::TaskScope& scope) {
    wanted_.attach(runtime::EventLoop::current());
    scope.spawn("discovery-attend", attend());
    if (announces_) scope.spawn("discovery-self", look_after_self());
    for (;;) {
        std::string service = co_await wanted_.next();
        scope.spawn("discovery-watch", watch(std::move(service)));
    }
}

Task<> WatchingClient::attend() {
    co_return;
}

void WatchingClient::ready() {
    ready_ = true;
    word_.notify_all();
}

void WatchingClient::hurry() {
    hurried_ = true;
    word_.notify_all();
}

Task<> WatchingClient::leave(Deadline deadline) {
    if (!announces_) co_return;
    leaving_ = true;
    word_.notify_all();
    while (!left_) {
        const runtime::Wake why = co_await done_.wait(deadline);
        if (why != runtime::Wake::ready) co_return;
    }
}

Task<> WatchingClient::look_after_self() {
    BackOff pauses(Random::from_system());
    bool enrolled = false;
    bool maybe_known = false;
    bool in_trouble = false;
    while (!leaving_ && !(introduced_ && ready_)) co_await word_.wait();
    while (!leaving_) {
        hurried_ = false;
        Result<void> done;
        if (enrolled) {
            done = co_await renew();
        } else {
            maybe_known = true;
            done = co_await enroll();
            if (done) means_.log.info("registered at {}", name());
        }
        // A renewal that fails is tried anew as a registration, at once the first time.
        const bool lost = enrolled && !done;
        enrolled = done.has_value();
        if (done) {
            pauses.reset();
            in_trouble = false;
        } else {
            note("registration", done.error(), in_trouble);
        }
        if (lost || leaving_ || hurried_) continue;
        const Deadline deadline(now() + (enrolled ? renewal() : pauses.next()));
        (void)co_await word_.wait(deadline);
    }
    if (maybe_known) {
        const auto gone = co_await withdraw();
        if (gone) {
            means_.log.info("deregistered at {}", name());
        } else {
            note("deregistration", gone.error(), in_trouble);
        }
    }
    left_ = true;
    done_.notify_all();
}

void WatchingClient::publish(const std::string& service, std::vector<ServiceInstance> instances) {
    informed_ = true;
    directory_.publish(service, std::move(instances));
}

void WatchingClient::note(std::string_view what, const Error& error, bool& in_trouble) {
    if (std::exchange(in_trouble, true)) {
        means_.log.debug("{} at {}: {}", what, name(), error.message());
    } else {
        means_.log.warn("{} at {}: {}", what, name(), error.message());
    }
}

}  // namespace flotilla::discovery
