#pragma once
/// Threads for what blocks: file sync, password hashes, database drivers, name resolution.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace flotilla::runtime {

struct BlockingPoolConfig {
    std::size_t threads = 16;  ///< started one by one as they are needed
    std::size_t queue_capacity = 1024;
};

struct BlockingPoolStats {
    std::size_t threads = 0;
    std::size_t active = 0;
    std::size_t queued = 0;
    std::uint64_t completed = 0;
    std::uint64_t rejected = 0;
};

/// A bounded pool: when its queue is full it says no, and the caller reports that. Thread-safe.
class BlockingPool {
public:
    using Job = std::move_only_function<void()>;

    explicit BlockingPool(BlockingPoolConfig config = {});
    /// Finishes what is queued, then joins.
    ~BlockingPool();
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    /// False when the queue is full or the pool is stopping.
    [[nodiscard]] bool submit(Job job);
    void stop();

    [[nodiscard]] BlockingPoolStats stats() const;

    [[nodiscard]] const BlockingPoolConfig& config() const noexcept { return config_; }

private:
    void work(std::size_t index);

    const BlockingPoolConfig config_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> queue_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    std::uint64_t completed_ = 0;
    std::uint64_t rejected_ = 0;
    bool stopping_ = false;
};

}  // namespace flotilla::runtime
