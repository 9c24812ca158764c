#pragma once
/// Tells coroutines on any loop that the registry has a newer version: for long polls and event streams.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "flotilla/runtime/runtime.hpp"

namespace flotilla::registry {

/// Publishing costs an atomic store while nobody waits, from whatever thread. Outlives whoever waits.
class ChangeWatch {
public:
    explicit ChangeWatch(runtime::Runtime& runtime, std::uint64_t version);

    [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(); }

    /// Versions grow; an older one than the last is passed over.
    void publish(std::uint64_t version);

    /// Waits for a version above `seen`, the deadline or the end of service; the version then.
    Task<std::uint64_t> beyond(std::uint64_t seen, Deadline deadline);

    /// Everybody goes home: the service ends.
    void close();

    [[nodiscard]] bool closed() const noexcept { return closed_.load(); }

private:
    /// What waits on one loop.
    struct Slot {
        runtime::Signal signal;
        std::atomic<std::size_t> waiting{0};
        std::atomic<bool> posted{false};
    };

    void wake_all();

    runtime::Runtime& runtime_;
    std::atomic<std::uint64_t> version_;
    std::atomic<bool> closed_{false};
    std::vector<std::shared_ptr<Slot>> slots_;
};

}  // namespace flotilla::registry
