#include "signals.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "flotilla/base/assert.hpp"
#include "flotilla/runtime/descriptor.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "life_cycle.hpp"

namespace flotilla::service {

namespace {

std::atomic<int> late_status{0};  // read by a signal handler

sigset_t set_of(std::initializer_list<int> signals) noexcept {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) ::sigaddset(&set, signal);
    return set;
}

void handle(int signal, void (*handler)(int)) noexcept {
    struct sigaction action{};
    action.sa_handler = handler;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

void block_signals() noexcept {
    const sigset_t set = set_of({SIGTERM, SIGINT, SIGHUP});
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void let_signals_kill() noexcept {
    for (const int signal : {SIGTERM, SIGINT})
        handle(signal, [](int number) { ::_exit(LifeCycle::status_of(number)); });
    const sigset_t set = set_of({SIGTERM, SIGINT});
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void end_process_after(unsigned seconds, int status) noexcept {
    late_status.store(status);
    handle(SIGALRM, [](int) { ::_exit(late_status.load()); });
    ::alarm(seconds);
}

Task<> next_hangup() {
    const sigset_t set = set_of({SIGHUP});
    const int fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    FLT_ASSERT(fd >= 0);
    runtime::Descriptor descriptor(runtime::EventLoop::current(), fd);
    for (;;) {
        signalfd_siginfo info{};
        if (::read(fd, &info, sizeof info) == sizeof info) co_return;
        descriptor.mark_drained();
        if (const auto wake = co_await descriptor.readable(); wake == runtime::Wake::cancelled)
            runtime::throw_cancelled();
    }
}

}  // namespace flotilla::service
