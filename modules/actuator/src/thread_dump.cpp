#include "flotilla/actuator/thread_dump.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/http/negotiation.hpp"
#include "stack_capture.hpp"
#include "symbols.hpp"

namespace flotilla::actuator {

namespace {

std::string read_file(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<pid_t> thread_ids() {
    std::vector<pid_t> ids;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/task"), &closedir);
    if (!folder) return ids;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own
    while (const dirent* entry = readdir(folder.get()))
        if (const auto id = parse_integer<pid_t>(entry->d_name)) ids.push_back(*id);
    std::ranges::sort(ids);
    return ids;
}

std::string_view name_of_call(long number) {
    switch (number) {
        case SYS_futex:
            return "futex";
        case SYS_epoll_wait:
        case SYS_epoll_pwait:
            return "epoll_wait";
        case SYS_poll:
        case SYS_ppoll:
            return "poll";
        case SYS_nanosleep:
        case SYS_clock_nanosleep:
            return "nanosleep";
        case SYS_read:
        case SYS_recvfrom:
        case SYS_recvmsg:
            return "read";
        case SYS_accept:
        case SYS_accept4:
            return "accept";
        case SYS_fsync:
        case SYS_fdatasync:
            return "fsync";
        case SYS_wait4:
        case SYS_waitid:
            return "wait";
        default:
            return {};
    }
}

std::uint64_t status_number(std::string_view status, std::string_view key) {
    const std::size_t at = status.find(key);
    if (at == std::string_view::npos) return 0;
    const std::string_view rest = status.substr(at + key.size());
    return parse_integer<std::uint64_t>(trim(rest.substr(0, rest.find('\n')))).value_or(0);
}

ThreadInfo read_thread(pid_t id) {
    const std::string folder = fmt::format("/proc/self/task/{}/", id);
    ThreadInfo thread;
    thread.id = id;
    thread.name = trim(read_file(folder + "comm"));
    // `id (name) S ...`: the name may have brackets and blanks, so that fields count from the last bracket.
    const std::string stat = read_file(folder + "stat");
    const std::size_t bracket = stat.rfind(')');
    char state = 'R';
    if (bracket != std::string::npos) {
        const auto fields = split(std::string_view(stat).substr(std::min(bracket + 2, stat.size())), ' ');
        if (!fields.empty() && !fields[0].empty()) state = fields[0][0];
        if (fields.size() > 15) thread.priority = parse_integer<std::int32_t>(fields[15]).value_or(0);
    }
    const std::string call = read_file(folder + "syscall");
    thread.state = thread_state(state, is_timed_wait(call));
    if (thread.state != ThreadState::runnable) {
        const auto number = parse_integer<long>(std::string_view(call).substr(0, call.find(' ')));
        thread.waits_for = number ? name_of_call(*number) : std::string_view();
    }
    const std::string status = read_file(folder + "status");
    thread.waited = status_number(status, "\nvoluntary_ctxt_switches:");
    thread.blocked = status_number(status, "\nnonvoluntary_ctxt_switches:");
    return thread;
}

std::string_view text_of(ThreadState state) {
    switch (state) {
        case ThreadState::runnable:
            return "RUNNABLE";
        case ThreadState::waiting:
            return "WAITING";
        case ThreadState::timed_waiting:
            return "TIMED_WAITING";
        case ThreadState::blocked:
            return "BLOCKED";
    }
    return "RUNNABLE";
}

Json frame_json(const StackFrame& frame) {
    return Json::object({
        {"className", frame.scope},
        {"methodName", frame.function},
        {"fileName", nullptr},
        {"lineNumber", -1},
        {"nativeMethod", false},
        {"moduleName", frame.module},
        {"moduleVersion", nullptr},
    });
}

}  // namespace

ThreadState thread_state(char proc_state, bool timed) noexcept {
    switch (proc_state) {
        case 'R':
            return ThreadState::runnable;
        case 'D':
            return ThreadState::blocked;
        default:
            return timed ? ThreadState::timed_waiting : ThreadState::waiting;
    }
}

bool is_timed_wait(std::string_view syscall_line) noexcept {
    // `202 0x7f.. 0x189 0x0 0x0 ...`: the number of the call and its six arguments.
    std::array<std::string_view, 6> fields{};
    for (auto& field : fields) {
        const std::size_t blank = syscall_line.find_first_of(" \n");
        field = syscall_line.substr(0, blank);
        syscall_line.remove_prefix(blank == std::string_view::npos ? syscall_line.size() : blank + 1);
    }
    const auto number = parse_integer<long>(fields[0]);
    if (!number) return false;
    const auto given = [](std::string_view argument) { return argument != "0x0"; };
    const auto finite = [](std::string_view argument) { return !argument.ends_with("ffffffff"); };
    switch (*number) {
        case SYS_nanosleep:
        case SYS_clock_nanosleep:
            return true;
        case SYS_futex:
            return given(fields[4]);
        case SYS_epoll_wait:
        case SYS_epoll_pwait:
            return finite(fields[4]);
        case SYS_poll:
            return finite(fields[3]);
        case SYS_ppoll:
            return given(fields[3]);
        default:
            return false;
    }
}

std::vector<ThreadInfo> dump_threads(Duration budget) {
    const auto ids = thread_ids();
    std::vector<ThreadInfo> threads;
    threads.reserve(ids.size());
    for (const pid_t id : ids) threads.push_back(read_thread(id));
    const auto stacks = detail::capture_stacks(ids, budget);
    detail::Symbols symbols;
    for (auto& thread : threads) {
        const auto stack = stacks.find(thread.id);
        if (stack == stacks.end()) continue;
        for (const std::uintptr_t address : stack->second) {
            detail::Symbol symbol = symbols.of(address);
            if (symbol.function.empty()) symbol.function = fmt::format("{:#x}", address);
            thread.stack.push_back(
                {address, std::move(symbol.scope), std::move(symbol.function), std::move(symbol.module)}
            );
        }
    }
    return threads;
}

Json thread_dump_json(
    const std::vector<ThreadInfo>& threads, const std::vector<runtime::TaskInfo>& tasks, TimePoint now
) {
    Json list = Json::array();
    for (const auto& thread : threads) {
        Json one = Json::object({
            {"threadName", thread.name},
            {"threadId", thread.id},
            {"threadState", text_of(thread.state)},
            {"blockedCount", thread.blocked},
            {"blockedTime", -1},
            {"waitedCount", thread.waited},
            {"waitedTime", -1},
            {"daemon", false},
            {"inNative", thread.state != ThreadState::runnable},
            {"suspended", false},
            {"priority", thread.priority},
            {"lockOwnerId", -1},
            {"lockedMonitors", Json::array()},
            {"lockedSynchronizers", Json::array()},
        });
        if (!thread.waits_for.empty()) {
            one.set("lockName", thread.waits_for);
            one.set(
                "lockInfo", Json::object({{"className", thread.waits_for}, {"identityHashCode", thread.id}})
            );
        }
        Json stack = Json::array();
        for (const auto& frame : thread.stack) stack.push_back(frame_json(frame));
        one.set("stackTrace", std::move(stack));
        list.push_back(std::move(one));
    }
    Json suspended = Json::array();
    for (const auto& task : tasks) {
        Json one = Json::object({{"name", task.name}, {"age", format_iso_duration(now - task.started)}});
        if (task.trace.valid()) one.set("traceId", trace_id_text(task.trace));
        suspended.push_back(std::move(one));
    }
    return Json::object({{"threads", std::move(list)}, {"tasks", std::move(suspended)}});
}

std::string thread_dump_text(
    const std::vector<ThreadInfo>& threads,
    const std::vector<runtime::TaskInfo>& tasks,
    WallTime wall,
    TimePoint now
) {
    std::string text = format_iso_time(wall) + "\nFull thread dump:\n";
    const auto out = std::back_inserter(text);
    for (const auto& thread : threads) {
        fmt::format_to(
            out, "\n\"{}\" - Thread t@{}\n   state: {}", thread.name, thread.id, text_of(thread.state)
        );
        if (!thread.waits_for.empty()) fmt::format_to(out, " in {}", thread.waits_for);
        text += '\n';
        for (const auto& frame : thread.stack) {
            fmt::format_to(
                out,
                "\tat {}{}{} ({})\n",
                frame.scope,
                frame.scope.empty() ? "" : "::",
                frame.function,
                frame.module
            );
        }
    }
    if (!tasks.empty()) text += "\nTasks:\n";
    for (const auto& task : tasks) {
        fmt::format_to(
            out,
            "\t{} for {} [{}]\n",
            task.name,
            format_iso_duration(now - task.started),
            trace_id_text(task.trace)
        );
    }
    return text;
}

Endpoint thread_dump_endpoint(const Clock& clock, std::function<std::vector<runtime::TaskInfo>()> tasks) {
    Operation::Function read = [&clock, tasks = std::move(tasks)](const Call& call) {
        static constexpr std::array<std::string_view, 4> offers{
            "application/vnd.spring-boot.actuator.v3+json",
            "application/vnd.spring-boot.actuator.v2+json",
            "application/json",
            "text/plain"
        };
        const auto suspended = tasks ? tasks() : std::vector<runtime::TaskInfo>();
        const auto threads = dump_threads();
        if (http::best_media_type(call.accept, offers) == 3) {
            return Answer::text(
                "text/plain;charset=UTF-8",
                thread_dump_text(threads, suspended, clock.wall_now(), clock.now())
            );
        }
        return Answer::of(thread_dump_json(threads, suspended, clock.now()));
    };
    Endpoint endpoint;
    endpoint.id = "threaddump";
    endpoint.operations.push_back(
        {.run = std::move(read), .place = Place::pool, .also_produces = {"text/plain"}}
    );
    return endpoint;
}

}  // namespace flotilla::actuator
