#include "change_watch.hpp"

namespace flotilla::registry {

namespace {

/// Counts one who waits, however that ends.
class Waiting {
public:
    explicit Waiting(std::atomic<std::size_t>& count) : count_(count) { ++count_; }

    ~Waiting() { --count_; }

    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    std::atomic<std::size_t>& count_;
};

}  // namespace

ChangeWatch::ChangeWatch(runtime::Runtime& runtime, std::uint64_t version)
    : runtime_(runtime), version_(version) {
    for (std::size_t i = 0; i < runtime.size(); ++i) slots_.push_back(std::make_shared<Slot>());
}

void ChangeWatch::wake_all() {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const std::shared_ptr<Slot>& slot = slots_[i];
        if (slot->waiting.load() == 0 || slot->posted.exchange(true)) continue;
        runtime_.loop(i).post([slot] {
            slot->posted.store(false);
            slot->signal.notify_all();
        });
    }
}

void ChangeWatch::publish(std::uint64_t version) {
    std::uint64_t known = version_.load();
    while (known < version && !version_.compare_exchange_weak(known, version)) {
    }
    if (known < version) wake_all();
}

void ChangeWatch::close() {
    closed_.store(true);
    wake_all();
}

Task<std::uint64_t> ChangeWatch::beyond(std::uint64_t seen, Deadline deadline) {
    const std::shared_ptr<Slot> slot = slots_[runtime::EventLoop::current().index()];
    // Counted before the version is looked at, so that no change falls between.
    const Waiting waiting(slot->waiting);
    while (version_.load() <= seen && !closed_.load()) {
        const runtime::Wake why = co_await slot->signal.wait(deadline);
        if (why == runtime::Wake::timed_out) break;
    }
    co_return version_.load();
}

}  // namespace flotilla::registry
