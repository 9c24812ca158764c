#pragma once
/// What every thread of this process does right now, in the shape of a JVM's thread dump.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/base/clock.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::actuator {

enum class ThreadState { runnable, waiting, timed_waiting, blocked };

struct StackFrame {
    std::uintptr_t address = 0;
    std::string scope;     ///< `flotilla::http::Session`; empty when unknown
    std::string function;  ///< `run`, or the address as text
    std::string module;    ///< file name of the binary
};

struct ThreadInfo {
    std::int32_t id = 0;
    std::string name;
    ThreadState state = ThreadState::runnable;
    std::int32_t priority = 0;
    std::uint64_t waited = 0;   ///< voluntary switches
    std::uint64_t blocked = 0;  ///< involuntary ones
    std::string waits_for;      ///< the system call; empty when it runs
    std::vector<StackFrame> stack;
};

/// One thread's lines of /proc as its state; `timed` tells whether the system call has a time limit.
ThreadState thread_state(char proc_state, bool timed) noexcept;
/// Whether the call in a line of /proc/.../syscall ends by itself after a time.
bool is_timed_wait(std::string_view syscall_line) noexcept;

/// All threads of the process. Each is interrupted by a signal and writes down its own stack; one that does
/// not answer within `budget` is listed without. Blocks, one caller at a time.
std::vector<ThreadInfo> dump_threads(Duration budget = std::chrono::milliseconds(200));

Json thread_dump_json(
    const std::vector<ThreadInfo>& threads, const std::vector<runtime::TaskInfo>& tasks, TimePoint now
);
std::string thread_dump_text(
    const std::vector<ThreadInfo>& threads,
    const std::vector<runtime::TaskInfo>& tasks,
    WallTime wall,
    TimePoint now
);

/// JSON, or text by `Accept`. `tasks` may be empty.
Endpoint thread_dump_endpoint(const Clock& clock, std::function<std::vector<runtime::TaskInfo>()> tasks);

}  // namespace flotilla::actuator
