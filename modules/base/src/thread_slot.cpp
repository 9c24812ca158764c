#include "flotilla/base/thread_slot.hpp"

#include <bitset>
#include <mutex>

namespace flotilla::detail {

namespace {

struct Slots {
    std::mutex mutex;
    std::bitset<thread_slot_count> taken;
};

Slots& slots() {
    static Slots all;
    return all;
}

/// Gives the slot back when the thread ends. The plain number beside it is read without the check that a
/// thread_local with a destructor needs.
struct Owner {
    std::size_t slot = thread_slot_count;

    Owner() {
        Slots& all = slots();
        const std::lock_guard lock(all.mutex);
        for (std::size_t i = 0; i < thread_slot_count && slot == thread_slot_count; ++i) {
            if (!all.taken.test(i)) {
                all.taken.set(i);
                slot = i;
            }
        }
    }

    ~Owner() {
        thread_slot_here = thread_slot_count;
        if (slot == thread_slot_count) return;
        Slots& all = slots();
        const std::lock_guard lock(all.mutex);
        all.taken.reset(slot);
    }

    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
};

}  // namespace

std::size_t ask_for_thread_slot() noexcept {
    static thread_local const Owner owner;
    thread_slot_here = owner.slot;
    return thread_slot_here;
}

}  // namespace flotilla::detail
