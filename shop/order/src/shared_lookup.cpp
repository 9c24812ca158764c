#include "flotilla/shop/order/shared_lookup.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::shop::order {

namespace {

using namespace std::chrono_literals;

constexpr Duration longest_wait = 100ms;

}  // namespace

struct SharedLookup::Waiter {
    enum class Turn { not_yet, for_all, alone, seen };

    explicit Waiter(runtime::EventLoop& loop) : home(loop) {}

    runtime::EventLoop& home;
    // On the home loop only:
    runtime::Signal signal;
    Turn turn = Turn::not_yet;
    std::optional<Facts> facts;
    bool gone = false;
};

/// Who waits for which product. Outlives the lookup where a message is on its way to a loop.
struct SharedLookup::State : std::enable_shared_from_this<SharedLookup::State> {
    using Waiters = std::vector<std::shared_ptr<Waiter>>;

    /// It is its turn when nobody looks; otherwise it waits.
    void enter(const std::string& product_id, const std::shared_ptr<Waiter>& waiter) {
        const std::scoped_lock lock(mutex);
        const auto [entry, first] = waiting.try_emplace(product_id);
        if (first)
            waiter->turn = Waiter::Turn::for_all;
        else
            entry->second.push_back(waiter);
    }

    /// Everybody who has come so far.
    Waiters gather(const std::string& product_id) {
        const std::scoped_lock lock(mutex);
        return std::exchange(waiting[product_id], {});
    }

    /// Whoever has waited longest looks next.
    void pass_on(const std::string& product_id) {
        std::shared_ptr<Waiter> next;
        {
            const std::scoped_lock lock(mutex);
            const auto entry = waiting.find(product_id);
            if (entry->second.empty()) {
                waiting.erase(entry);
                return;
            }
            next = std::move(entry->second.front());
            entry->second.erase(entry->second.begin());
        }
        next->home.post([self = shared_from_this(), next, product_id] {
            if (next->gone) return self->pass_on(product_id);
            next->turn = Waiter::Turn::for_all;
            next->signal.notify_all();
        });
    }

    std::mutex mutex;
    std::unordered_map<std::string, Waiters> waiting;  ///< for each product that somebody looks at
};

/// The caller's side: a turn that comes and is not used goes on.
class SharedLookup::Presence {
public:
    Presence(State& state, const std::string& product_id, std::shared_ptr<Waiter> waiter)
        : state_(state), product_id_(product_id), waiter_(std::move(waiter)) {}

    ~Presence() {
        waiter_->gone = true;
        if (waiter_->turn == Waiter::Turn::for_all) state_.pass_on(product_id_);
    }

    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

private:
    State& state_;
    const std::string& product_id_;
    std::shared_ptr<Waiter> waiter_;
};

/// A look for all who have come. However it ends, they are told.
class SharedLookup::Look {
public:
    Look(State& state, const std::string& product_id) : others_(state.gather(product_id)) {}

    ~Look() {
        for (auto& other : others_) {
            runtime::EventLoop& home = other->home;
            home.post([other = std::move(other), facts = facts_] {
                other->turn = facts ? Waiter::Turn::seen : Waiter::Turn::alone;
                other->facts = facts;
                other->signal.notify_all();
            });
        }
    }

    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;

    void found(const Facts& facts) {
        // What one could not see another one may.
        if (facts || facts.error() == NoFacts::unknown_product) facts_ = facts;
    }

private:
    State::Waiters others_;
    std::optional<Facts> facts_;
};

SharedLookup::SharedLookup(ProductLookup& lookup) : lookup_(lookup), state_(std::make_shared<State>()) {}

Task<std::expected<ProductFacts, NoFacts>> SharedLookup::look_up(const std::string& product_id) {
    runtime::EventLoop& loop = runtime::EventLoop::current();
    const auto waiter = std::make_shared<Waiter>(loop);
    const Presence presence(*state_, product_id, waiter);
    state_->enter(product_id, waiter);
    const Deadline patience = Deadline::after(loop.clock().now(), longest_wait);
    while (waiter->turn == Waiter::Turn::not_yet) {
        const runtime::Wake wake = co_await waiter->signal.wait(patience);
        if (wake == runtime::Wake::timed_out) break;
    }
    if (waiter->turn == Waiter::Turn::seen) co_return *waiter->facts;
    if (waiter->turn == Waiter::Turn::for_all) co_return co_await look_for_all(product_id);
    co_return co_await lookup_.look_up(product_id);
}

Task<std::expected<ProductFacts, NoFacts>> SharedLookup::look_for_all(const std::string& product_id) {
    Look look(*state_, product_id);
    const Facts facts = co_await lookup_.look_up(product_id);
    look.found(facts);
    co_return facts;
}

}  // namespace flotilla::shop::order
