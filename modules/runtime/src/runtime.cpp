#include "flotilla/runtime/runtime.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <csignal>

#include "flotilla/base/assert.hpp"
#include "flotilla/runtime/descriptor.hpp"

namespace flotilla::runtime {

namespace {

std::size_t usable_cores() noexcept {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
}

sigset_t stop_signals() noexcept {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

Runtime::Runtime(RuntimeConfig config, const Clock& clock) : clock_(clock), pool_(config.blocking) {
    const std::size_t count = config.loops ? config.loops : usable_cores();
    for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<EventLoop>(i, clock));
}

Runtime::~Runtime() {
    FLT_ASSERT(threads_.empty());
}

int Runtime::run(Task<int> main) {
    // Threads inherit the mask, so that the signals go to whoever waits in next_signal. A write to a closed
    // connection is an error code, not a signal.
    const sigset_t signals = stop_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): it cannot fail for SIGPIPE

    // The calling thread keeps its name: it is the one that ps shows for the process.
    for (std::size_t i = 1; i < loops_.size(); ++i) {
        threads_.emplace_back([this, i] {
            ::pthread_setname_np(::pthread_self(), fmt::format("io-{}", i).c_str());
            loops_[i]->run();
        });
    }

    std::exception_ptr failure;
    int code = 0;
    EventLoop& first = *loops_.front();
    asio::co_spawn(Executor(first, background_), std::move(main), [&](std::exception_ptr error, int value) {
        failure = error;
        code = value;
        first.stop();
    });
    first.run();
    pool_.stop();
    for (std::size_t i = 1; i < loops_.size(); ++i) loops_[i]->stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    if (failure) std::rethrow_exception(failure);
    return code;
}

void Runtime::start_on(
    EventLoop& loop, TaskContext& context, std::shared_ptr<void> owner, std::function<Task<>()> start
) {
    // The other loop's task has no owner there: its owner is the caller, who waits for it.
    asio::co_spawn(
        Executor(loop, context), std::move(start), [owner = std::move(owner)](const std::exception_ptr&) {}
    );
}

Task<int> Runtime::next_signal() {
    const sigset_t signals = stop_signals();
    const int fd = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    FLT_ASSERT(fd >= 0);
    Descriptor descriptor(EventLoop::current(), fd);
    for (;;) {
        signalfd_siginfo info{};
        if (::read(fd, &info, sizeof info) == sizeof info) co_return static_cast<int>(info.ssi_signo);
        descriptor.mark_drained();
        if (const auto wake = co_await descriptor.readable(); wake == Wake::cancelled) throw_cancelled();
    }
}

}  // namespace flotilla::runtime
