#include "stack_capture.hpp"

#include <execinfo.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <mutex>

namespace flotilla::actuator::detail {

namespace {

constexpr std::size_t most_frames = 64;
/// The handler itself and the frame of the signal.
constexpr std::size_t own_frames = 2;
/// Threads beyond this are listed without a stack.
constexpr std::size_t most_threads = 512;

/// Where one thread writes. Static, because a signal may be delivered long after everybody has stopped
/// waiting; `ticket` says whether anybody still does.
struct Place {
    std::atomic<std::uint64_t> ticket{0};  ///< what the signal must carry; 0: nobody waits
    std::atomic<bool> filled{false};
    int depth = 0;
    std::array<void*, most_frames> frames{};
};

struct Shared {
    std::array<Place, most_threads> places;
    std::atomic<std::uint64_t> next_ticket{1};
    std::mutex one_at_a_time;
};

Shared& shared() {
    static Shared instance;
    return instance;
}

/// Known to the handler, which must not run an initialisation.
std::atomic<Shared*> handlers_shared{nullptr};

/// The signal's value: ticket and place in one word.
constexpr std::uint64_t place_bits = 10;
static_assert(most_threads <= (1U << place_bits));

void write_down_stack(int, siginfo_t* info, void*) {
    const int saved_errno = errno;
    Shared* all = handlers_shared.load(std::memory_order_acquire);
    const auto value = reinterpret_cast<std::uintptr_t>(info->si_value.sival_ptr);
    const std::size_t index = value & ((1U << place_bits) - 1);
    if (all && info->si_code == SI_QUEUE && index < most_threads) {
        Place& place = all->places[index];
        std::uint64_t ticket = value >> place_bits;
        // Whoever takes the ticket back may write; the waiter takes it back when it gives up.
        if (place.ticket.compare_exchange_strong(ticket, 0, std::memory_order_acq_rel)) {
            place.depth = backtrace(place.frames.data(), most_frames);
            place.filled.store(true, std::memory_order_release);
        }
    }
    errno = saved_errno;
}

/// A real-time signal that carries a value and that the C library leaves alone.
int stack_signal() {
    return SIGRTMIN + 7;
}

void install_handler() {
    static const bool installed = [] {
        // The first call may load a library: not in a handler.
        std::array<void*, 4> frames{};
        (void)backtrace(frames.data(), frames.size());
        handlers_shared.store(&shared(), std::memory_order_release);
        struct sigaction action{};
        action.sa_sigaction = write_down_stack;
        action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
        sigfillset(&action.sa_mask);
        sigaction(stack_signal(), &action, nullptr);
        return true;
    }();
    (void)installed;
}

bool send_signal(pid_t thread, std::uint64_t value) {
    siginfo_t info{};
    info.si_signo = stack_signal();
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(value));
    return syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, stack_signal(), &info) == 0;
}

Stack own_stack() {
    std::array<void*, most_frames> frames{};
    const int depth = backtrace(frames.data(), most_frames);
    Stack stack;
    for (int i = 1; i < depth; ++i)
        stack.push_back(reinterpret_cast<std::uintptr_t>(frames[static_cast<std::size_t>(i)]));
    return stack;
}

}  // namespace

std::map<pid_t, Stack> capture_stacks(const std::vector<pid_t>& threads, Duration budget) {
    install_handler();
    Shared& all = shared();
    const std::scoped_lock lock(all.one_at_a_time);
    const auto self = static_cast<pid_t>(syscall(SYS_gettid));
    std::map<pid_t, Stack> stacks;

    struct Asked {
        pid_t thread;
        Place* place;
        std::uint64_t ticket;
    };

    std::vector<Asked> asked;
    for (const pid_t thread : threads) {
        if (thread == self) {
            stacks[thread] = own_stack();
            continue;
        }
        if (asked.size() == most_threads) continue;
        const std::size_t index = asked.size();
        Place& place = all.places[index];
        const std::uint64_t ticket = all.next_ticket.fetch_add(1) & (~std::uint64_t{0} >> place_bits);
        place.filled.store(false, std::memory_order_relaxed);
        place.ticket.store(ticket, std::memory_order_release);
        if (send_signal(thread, ticket << place_bits | index)) {
            asked.push_back({thread, &place, ticket});
        } else {
            place.ticket.store(0, std::memory_order_relaxed);
        }
    }

    const Clock& clock = Clock::system();
    const Deadline deadline = Deadline::after(clock.now(), budget);
    const auto answered = [](const Asked& one) { return one.place->filled.load(std::memory_order_acquire); };
    while (!std::ranges::all_of(asked, answered) && !deadline.passed(clock.now())) {
        const timespec pause{.tv_sec = 0, .tv_nsec = 200'000};
        nanosleep(&pause, nullptr);
    }
    for (const auto& one : asked) {
        std::uint64_t ticket = one.ticket;
        if (one.place->ticket.compare_exchange_strong(ticket, 0, std::memory_order_acq_rel)) continue;
        // It has begun to write: that takes microseconds.
        while (!answered(one)) sched_yield();
        Stack& stack = stacks[one.thread];
        for (std::size_t i = own_frames; i < static_cast<std::size_t>(one.place->depth); ++i)
            stack.push_back(reinterpret_cast<std::uintptr_t>(one.place->frames[i]));
    }
    return stacks;
}

}  // namespace flotilla::actuator::detail
