#pragma once
/// Remembers results: looked up before a call, stored after it.
///
///     Cache<std::string, Stock> cache("stock", std::make_shared<LruStore<std::string, Stock>>(1000, 30s));
///     if (auto known = cache.find(product, now)) return *known;
///     …
///     cache.store(product, stock, now);

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/events.hpp"

namespace flotilla::resilience {

/// Where results are kept: in memory, or far away, where it can fail.
template <class Key, class Value>
class CacheStore {
public:
    virtual ~CacheStore() = default;
    virtual Result<std::optional<Value>> find(const Key& key, TimePoint now) = 0;
    virtual Result<void> store(const Key& key, const Value& value, TimePoint now) = 0;
};

/// The most recently used entries, each for a time. Safe from any thread.
template <class Key, class Value, class Hash = std::hash<Key>>
class LruStore final : public CacheStore<Key, Value> {
public:
    LruStore(std::size_t capacity, Duration time_to_live)
        : capacity_(capacity), time_to_live_(time_to_live) {}

    Result<std::optional<Value>> find(const Key& key, TimePoint now) override {
        const std::scoped_lock lock(mutex_);
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return std::nullopt;
        if (found->second->until.passed(now)) {
            entries_.erase(found->second);
            by_key_.erase(found);
            return std::nullopt;
        }
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->value;
    }

    Result<void> store(const Key& key, const Value& value, TimePoint now) override {
        const Deadline until = Deadline::after(now, time_to_live_);
        const std::scoped_lock lock(mutex_);
        if (const auto found = by_key_.find(key); found != by_key_.end()) {
            found->second->value = value;
            found->second->until = until;
            entries_.splice(entries_.begin(), entries_, found->second);
            return {};
        }
        entries_.push_front({key, value, until});
        by_key_.emplace(key, entries_.begin());
        if (entries_.size() > capacity_) {
            by_key_.erase(entries_.back().key);
            entries_.pop_back();
        }
        return {};
    }

    [[nodiscard]] std::size_t size() const {
        const std::scoped_lock lock(mutex_);
        return entries_.size();
    }

private:
    struct Entry {
        Key key;
        Value value;
        Deadline until;
    };

    const std::size_t capacity_;
    const Duration time_to_live_;
    mutable std::mutex mutex_;
    std::list<Entry> entries_;  ///< the last one used first
    std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> by_key_;
};

/// A store with counts and events, whose failures are never those of the call.
template <class Key, class Value>
class Cache {
public:
    struct Counts {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
        std::uint64_t errors = 0;
    };

    Cache(std::string name, std::shared_ptr<CacheStore<Key, Value>> store)
        : events_(std::move(name)), store_(std::move(store)) {}

    std::optional<Value> find(const Key& key, TimePoint now) {
        try {
            Result<std::optional<Value>> found = store_->find(key, now);
            if (!found) {
                failed(now, found.error().message());
                return std::nullopt;
            }
            count(*found ? hits_ : misses_, *found ? EventType::cache_hit : EventType::cache_miss, now);
            return *std::move(found);
        } catch (const std::exception& exception) {
            failed(now, exception.what());
            return std::nullopt;
        }
    }

    void store(const Key& key, const Value& value, TimePoint now) {
        try {
            if (const auto stored = store_->store(key, value, now); !stored) {
                failed(now, stored.error().message());
            }
        } catch (const std::exception& exception) {
            failed(now, exception.what());
        }
    }

    /// `work` is called once, when nothing is known; a failed result is not kept.
    template <class Work>
    Result<Value> get(const Key& key, TimePoint now, Work&& work) {
        if (std::optional<Value> known = find(key, now)) return *std::move(known);
        Result<Value> result = std::forward<Work>(work)();
        if (result) store(key, *result, now);
        return result;
    }

    [[nodiscard]] Counts counts() const noexcept {
        return {
            hits_.load(std::memory_order_relaxed),
            misses_.load(std::memory_order_relaxed),
            errors_.load(std::memory_order_relaxed)
        };
    }

    [[nodiscard]] const std::string& name() const noexcept { return events_.source(); }

    [[nodiscard]] Events& events() noexcept { return events_; }

private:
    void count(std::atomic<std::uint64_t>& counter, EventType type, TimePoint now) {
        counter.fetch_add(1, std::memory_order_relaxed);
        events_.publish({.type = type, .at = now});
    }

    void failed(TimePoint now, std::string message) {
        errors_.fetch_add(1, std::memory_order_relaxed);
        events_.publish({.type = EventType::cache_error, .at = now, .message = std::move(message)});
    }

    Events events_;
    std::shared_ptr<CacheStore<Key, Value>> store_;
    std::atomic<std::uint64_t> hits_{0};
    std::atomic<std::uint64_t> misses_{0};
    std::atomic<std::uint64_t> errors_{0};
};

}  // namespace flotilla::resilience
