#include "crash.hpp"

#include <signal.h>

#include <array>
#include <atomic>

#include "writer.hpp"

namespace flotilla::log::detail {

namespace {

// Signal handlers are the process's, so this is the one thing in the module that is global.
constexpr std::array signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
std::atomic<Writer*> crash_writer{nullptr};
std::array<struct sigaction, signals.size()> former_actions;

void restore() noexcept {
    for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &former_actions[i], nullptr);
}

void on_crash(int signal) {
    if (Writer* writer = crash_writer.exchange(nullptr)) writer->flush_in_signal_handler();
    // The signal comes again when this returns (or from raise, for abort), and meets the former handler.
    restore();
    raise(signal);
}

}  // namespace

void flush_at_crash(Writer& writer) {
    if (crash_writer.exchange(&writer) != nullptr) return;
    struct sigaction action{};
    action.sa_handler = on_crash;
    action.sa_flags = SA_NODEFER | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &action, &former_actions[i]);
}

void forget_at_crash(const Writer& writer) {
    Writer* expected = const_cast<Writer*>(&writer);
    if (crash_writer.compare_exchange_strong(expected, nullptr)) restore();
}

}  // namespace flotilla::log::detail
