#pragma once
/// A bounded ring of variable-length records: many producers, one consumer, no locks.
///
/// Producers reserve bytes by moving `tail_`, fill them, and commit by storing the record's size in its first
/// word. The consumer takes committed records in order, clears their bytes (so that a word that has not been
/// committed reads zero in the next lap) and moves `head_`. A record never wraps: what is left at the end of
/// the buffer becomes a filler.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace flotilla::log::detail {

class Ring {
public:
    static constexpr std::size_t alignment = 8;
    /// The first bytes of each record are the ring's.
    static constexpr std::size_t prefix = 8;

    explicit Ring(std::size_t at_least);

    /// `size` bytes after the prefix to fill and then commit, or nullptr when there is no room.
    std::byte* reserve(std::size_t size) noexcept;
    /// Hands a reserved record to the consumer. Sequentially consistent, so that a producer that afterwards
    /// finds the consumer not asleep knows that the consumer will see the record.
    void commit(std::byte* record) noexcept;

    /// The next record's bytes, rounded up, or an empty span. Consumer only.
    std::span<std::byte> front() noexcept;
    /// Consumer only, after front().
    void pop() noexcept;

    /// Whether front() would find something. Consumer only; sequentially consistent (see commit).
    [[nodiscard]] bool has_front() noexcept;

    [[nodiscard]] std::uint64_t tail() const noexcept { return tail_.load(std::memory_order_acquire); }

    [[nodiscard]] std::uint64_t head() const noexcept { return head_.load(std::memory_order_acquire); }

    [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

private:
    struct Free {
        void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
    };

    std::atomic_ref<std::uint32_t> word_at(std::byte* record) const noexcept {
        return std::atomic_ref<std::uint32_t>(*reinterpret_cast<std::uint32_t*>(record));
    }

    std::size_t mask_;
    // From calloc: pages that were never used cost nothing.
    std::unique_ptr<std::byte, Free> bytes_;
    alignas(64) std::atomic<std::uint64_t> tail_{0};
    alignas(64) std::atomic<std::uint64_t> head_{0};
};

}  // namespace flotilla::log::detail
