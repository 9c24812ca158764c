#pragma once
/// Meters whose tags vary from request to request, found by small integers (route, status, outcome) instead
/// of by strings. One cache per call site; reading takes no lock.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace flotilla::metrics {

/// The parts must be below 2^24, 2^16 and 2^16: a route's number, a status, a method or outcome.
constexpr std::uint64_t cache_key(std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0) noexcept {
    return (a << 32 | b << 16 | c) + 1;
}

template <class Handle>
class MeterCache {
public:
    /// Keys beyond this many are looked up by `make` each time.
    explicit MeterCache(std::size_t maximum = 4096) : maximum_(maximum) { grow(64); }

    /// The handle under `key` (not 0), made by `make()` at its first use.
    template <class Make>
    Handle get(std::uint64_t key, Make&& make) {
        const Table& table = *current_.load(std::memory_order_acquire);
        for (std::size_t at = spread(key) & table.mask;; at = (at + 1) & table.mask) {
            const Entry& entry = table.entries[at];
            const std::uint64_t found = entry.key.load(std::memory_order_acquire);
            if (found == key) [[likely]]
                return entry.handle;
            if (found == 0) return add(key, make());
        }
    }

private:
    struct Entry {
        std::atomic<std::uint64_t> key{0};
        Handle handle{};
    };

    struct Table {
        explicit Table(std::size_t size) : mask(size - 1), entries(std::make_unique<Entry[]>(size)) {}

        std::size_t mask;
        std::unique_ptr<Entry[]> entries;
    };

    static std::size_t spread(std::uint64_t key) noexcept {
        return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15u) >> 32);
    }

    static bool put(Table& table, std::uint64_t key, Handle handle) {
        for (std::size_t at = spread(key) & table.mask;; at = (at + 1) & table.mask) {
            Entry& entry = table.entries[at];
            const std::uint64_t found = entry.key.load(std::memory_order_relaxed);
            if (found == key) return false;
            if (found != 0) continue;
            entry.handle = handle;
            entry.key.store(key, std::memory_order_release);
            return true;
        }
    }

    Handle add(std::uint64_t key, Handle handle) {
        const std::scoped_lock lock(mutex_);
        if (size_ >= maximum_) return handle;
        Table* table = tables_.back().get();
        if ((size_ + 1) * 2 > table->mask) {
            grow((table->mask + 1) * 2);
            table = tables_.back().get();
        }
        if (put(*table, key, handle)) ++size_;
        return handle;
    }

    /// Former tables stay: a reader may still be in one. Their sizes add up to less than the last one's.
    void grow(std::size_t size) {
        auto table = std::make_unique<Table>(size);
        if (!tables_.empty()) {
            const Table& former = *tables_.back();
            for (std::size_t i = 0; i <= former.mask; ++i) {
                const Entry& entry = former.entries[i];
                if (const std::uint64_t key = entry.key.load(std::memory_order_relaxed); key != 0)
                    put(*table, key, entry.handle);
            }
        }
        current_.store(table.get(), std::memory_order_release);
        tables_.push_back(std::move(table));
    }

    std::atomic<const Table*> current_{nullptr};
    std::size_t maximum_;
    std::mutex mutex_;
    std::size_t size_ = 0;
    std::vector<std::unique_ptr<Table>> tables_;
};

}  // namespace flotilla::metrics
