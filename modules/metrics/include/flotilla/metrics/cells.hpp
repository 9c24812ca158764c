#pragma once
/// Where meters count: per thread, so that counting takes no lock and shares no cache line.
///
/// Each running thread has a slot, a small number that a later thread takes over when it ends. A CellGroup
/// has one block of cells per slot. Only the thread that holds the slot writes its block, with plain loads
/// and stores; whoever wants the value adds up all blocks. A thread's contribution stays in its slot's block
/// when it ends. More threads than slots (or a thread that is just ending) count under a mutex in a shared
/// block.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "flotilla/base/clock.hpp"

namespace flotilla::metrics::detail {

using Cell = std::atomic<std::uint64_t>;

inline constexpr std::uint32_t slot_count = 127;
inline constexpr std::uint32_t no_slot = slot_count;  // its block never exists: leads to the slow path

inline thread_local constinit std::uint32_t thread_slot = no_slot;

class CounterExemplars;

class CellGroup {
public:
    static constexpr std::uint32_t default_capacity = 512;  // a page per thread that counts

    CellGroup(std::uint32_t capacity, const Clock& clock);

    ~CellGroup();
    CellGroup(const CellGroup&) = delete;
    CellGroup& operator=(const CellGroup&) = delete;

    /// The calling thread's cells, or nullptr: then use `with_cells`.
    [[nodiscard]] Cell* own() const noexcept { return blocks_[thread_slot].load(std::memory_order_acquire); }

    /// Runs `work(Cell*)` with cells that nobody else writes meanwhile.
    template <class Work>
    void with_cells(Work&& work) noexcept {
        if (Cell* cells = own()) [[likely]] {
            work(cells);
            return;
        }
        slow(&call<Work>, const_cast<void*>(static_cast<const void*>(&work)));
    }

    /// Adds the first `count` cells at `offset` of all threads to `sums`.
    void add_up(std::uint32_t offset, std::uint32_t count, std::uint64_t* sums) const noexcept;
    /// The sum of a cell that holds doubles.
    [[nodiscard]] double add_up_double(std::uint32_t offset) const noexcept;

    /// Calls `look(const Cell*)` for each thread's block.
    template <class Look>
    void each_block(Look&& look) const {
        const std::uint32_t used = slots_used();
        for (std::uint32_t slot = 0; slot < used; ++slot) {
            if (const Cell* cells = blocks_[slot].load(std::memory_order_acquire)) look(cells);
        }
        if (const Cell* cells = shared_.load(std::memory_order_acquire)) look(cells);
    }

    /// Takes `count` cells off the free end; nothing left when the result is `capacity`. For the registry.
    [[nodiscard]] std::uint32_t take(std::uint32_t count) noexcept;

    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

    [[nodiscard]] CounterExemplars& exemplars() const noexcept { return *exemplars_; }

private:
    template <class Work>
    static void call(void* work, Cell* cells) {
        (*static_cast<std::remove_reference_t<Work>*>(work))(cells);
    }

    void slow(void (*run)(void*, Cell*), void* work) noexcept;
    static std::uint32_t slots_used() noexcept;

    std::array<std::atomic<Cell*>, slot_count + 1> blocks_{};
    std::atomic<Cell*> shared_{nullptr};
    std::uint32_t capacity_;
    std::uint32_t taken_ = 0;
    std::unique_ptr<CounterExemplars> exemplars_;
};

/// Only the owner writes: no lock prefix needed.
inline void add(Cell& cell, std::uint64_t amount) noexcept {
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

/// A counter has two cells: whole steps, which are quicker to count, and other amounts as a double.
inline constexpr std::uint32_t cells_of_counter = 2;
double counted(const CellGroup& group, std::uint32_t cell) noexcept;

}  // namespace flotilla::metrics::detail
