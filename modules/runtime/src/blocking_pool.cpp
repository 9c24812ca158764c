#include "flotilla/runtime/blocking_pool.hpp"

#include <fmt/format.h>
#include <pthread.h>

namespace flotilla::runtime {

BlockingPool::BlockingPool(BlockingPoolConfig config) : config_(config) {}

BlockingPool::~BlockingPool() {
    stop();
}

bool BlockingPool::submit(Job job) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= config_.queue_capacity) {
        ++rejected_;
        return false;
    }
    queue_.push_back(std::move(job));
    if (idle_ < queue_.size() && threads_.size() < config_.threads)
        threads_.emplace_back([this, index = threads_.size()] { work(index); });
    wake_.notify_one();
    return true;
}

void BlockingPool::work(std::size_t index) {
    ::pthread_setname_np(::pthread_self(), fmt::format("blocking-{}", index).c_str());
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        --idle_;
        if (queue_.empty()) return;
        Job job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job();
        job = nullptr;  // what it holds is destroyed outside the lock
        lock.lock();
        ++completed_;
    }
}

void BlockingPool::stop() {
    std::vector<std::thread> threads;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        threads.swap(threads_);
    }
    wake_.notify_all();
    for (auto& thread : threads) thread.join();
}

BlockingPoolStats BlockingPool::stats() const {
    const std::lock_guard lock(mutex_);
    return {
        .threads = threads_.size(),
        .active = threads_.size() - std::min(idle_, threads_.size()),
        .queued = queue_.size(),
        .completed = completed_,
        .rejected = rejected_,
    };
}

}  // namespace flotilla::runtime
