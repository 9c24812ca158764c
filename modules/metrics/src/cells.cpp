#include "flotilla/metrics/cells.hpp"

#include <bit>
#include <bitset>
#include <memory>
#include <mutex>
#include <new>

#include "exemplars.hpp"

namespace flotilla::metrics::detail {

namespace {

/// Which slots are held by running threads. The operating system's threads are the process's, and so is this.
struct Slots {
    std::mutex mutex;
    std::bitset<slot_count> held;
    std::atomic<std::uint32_t> used{0};  ///< slots that were ever held are below
};

constinit Slots slots;
// For the shared blocks of all groups; taken only by threads without a slot.
constinit std::mutex shared_mutex;

struct Lease {
    ~Lease() {
        const std::scoped_lock lock(slots.mutex);
        if (thread_slot != no_slot) slots.held.reset(thread_slot);
        thread_slot = no_slot;
        ended = true;
    }

    bool ended = false;
};

// Made at the first count of a thread; its end gives the slot back.
thread_local Lease lease;
thread_local constinit bool lease_made = false;

void take_slot() {
    if (lease_made) return;  // there was none free, or the thread is ending
    lease_made = true;
    const std::scoped_lock lock(slots.mutex);
    if (lease.ended || slots.held.all()) return;
    std::uint32_t free = 0;
    while (slots.held.test(free)) ++free;
    slots.held.set(free);
    thread_slot = free;
    if (free >= slots.used.load(std::memory_order_relaxed))
        slots.used.store(free + 1, std::memory_order_release);
}

Cell* make_block(std::uint32_t capacity) {
    // Aligned, so that two threads never share a cache line.
    void* memory = ::operator new(capacity * sizeof(Cell), std::align_val_t{64});
    Cell* cells = static_cast<Cell*>(memory);
    std::uninitialized_value_construct_n(cells, capacity);
    return cells;
}

void delete_block(Cell* cells) {
    ::operator delete(cells, std::align_val_t{64});
}

}  // namespace

CellGroup::CellGroup(std::uint32_t capacity, const Clock& clock)
    : capacity_(capacity), exemplars_(std::make_unique<CounterExemplars>(clock)) {}

CellGroup::~CellGroup() {
    for (auto& block : blocks_) delete_block(block.load(std::memory_order_relaxed));
    delete_block(shared_.load(std::memory_order_relaxed));
}

void CellGroup::slow(void (*run)(void*, Cell*), void* work) noexcept {
    if (thread_slot == no_slot) take_slot();
    if (thread_slot != no_slot) {
        Cell* cells = own();
        if (!cells) {
            cells = make_block(capacity_);
            blocks_[thread_slot].store(cells, std::memory_order_release);
        }
        run(work, cells);
        return;
    }
    const std::scoped_lock lock(shared_mutex);
    Cell* cells = shared_.load(std::memory_order_relaxed);
    if (!cells) {
        cells = make_block(capacity_);
        shared_.store(cells, std::memory_order_release);
    }
    run(work, cells);
}

std::uint32_t CellGroup::slots_used() noexcept {
    return slots.used.load(std::memory_order_acquire);
}

void CellGroup::add_up(std::uint32_t offset, std::uint32_t count, std::uint64_t* sums) const noexcept {
    each_block([&](const Cell* cells) {
        for (std::uint32_t i = 0; i < count; ++i)
            sums[i] += cells[offset + i].load(std::memory_order_relaxed);
    });
}

double CellGroup::add_up_double(std::uint32_t offset) const noexcept {
    double sum = 0;
    each_block([&](const Cell* cells) {
        sum += std::bit_cast<double>(cells[offset].load(std::memory_order_relaxed));
    });
    return sum;
}

double counted(const CellGroup& group, std::uint32_t cell) noexcept {
    std::uint64_t steps = 0;
    double amounts = 0;
    group.each_block([&](const Cell* cells) {
        steps += cells[cell].load(std::memory_order_relaxed);
        amounts += std::bit_cast<double>(cells[cell + 1].load(std::memory_order_relaxed));
    });
    return static_cast<double>(steps) + amounts;
}

std::uint32_t CellGroup::take(std::uint32_t count) noexcept {
    if (capacity_ - taken_ < count) return capacity_;
    const std::uint32_t offset = taken_;
    taken_ += count;
    return offset;
}

}  // namespace flotilla::metrics::detail
