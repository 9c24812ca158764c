#include "thread_slot.hpp"

#include <bitset>
#include <mutex>

namespace flotilla::discovery::detail {

namespace {

constexpr std::size_t unasked = slot_count + 1;

struct Numbers {
    std::mutex mutex;
    std::bitset<slot_count> taken;
};

Numbers& numbers() {
    static Numbers all;
    return all;
}

/// Gives the number back when the thread ends. What the next owner finds in its slots was written before
/// that.
struct Owner {
    std::size_t number = slot_count;

    Owner() {
        Numbers& all = numbers();
        const std::lock_guard lock(all.mutex);
        for (std::size_t i = 0; i < slot_count && number == slot_count; ++i) {
            if (!all.taken.test(i)) {
                all.taken.set(i);
                number = i;
            }
        }
    }

    ~Owner();
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
};

// Plain numbers are read without the check that a thread_local with a destructor needs.
constinit thread_local std::size_t number_here = unasked;

Owner::~Owner() {
    number_here = slot_count;
    if (number == slot_count) return;
    Numbers& all = numbers();
    const std::lock_guard lock(all.mutex);
    all.taken.reset(number);
}

std::size_t ask() noexcept {
    static thread_local const Owner owner;
    number_here = owner.number;
    return number_here;
}

}  // namespace

std::size_t thread_slot() noexcept {
    return number_here != unasked ? number_here : ask();
}

}  // namespace flotilla::discovery::detail
