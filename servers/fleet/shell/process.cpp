#include "process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "flotilla/fleet/run_record.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::fleet {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t piece = 16'384;
/// What a part has started may take so long to end when it has ended.
constexpr Duration longest_end = 10s;

std::unexpected<Error> system_failure(std::string_view what) {
    const std::error_code code(errno, std::generic_category());
    return fail(Error(code, fmt::format("{}: {}", what, code.message())));
}

/// Texts as execve wants them. The strings must outlive it.
std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> merged(const std::map<std::string, std::string>& additions) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        if (!additions.contains(std::string(text.substr(0, text.find('='))))) variables.emplace_back(text);
    }
    for (const auto& [name, value] : additions) variables.push_back(name + "=" + value);
    return variables;
}

/// Runs in the child of a process that may have other threads: system calls only, nothing that allocates.
[[noreturn]] void become(char** arguments, char** variables, int output, int failure, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);  // the runtime has SIGTERM and SIGINT blocked
    std::signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);  // it died before it could be watched
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvpe(arguments[0], arguments, variables);
    const int why = errno;
    [[maybe_unused]] const auto written = write(failure, &why, sizeof why);
    _exit(127);
}

struct Pipe {
    int read = -1;
    int write = -1;

    Pipe() = default;
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    ~Pipe() {
        if (read >= 0) close(read);
        if (write >= 0) close(write);
    }

    bool open() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        read = ends[0];
        write = ends[1];
        return true;
    }

    void close_write() { close(std::exchange(write, -1)); }
};

std::string told(int status) {
    if (WIFEXITED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
    const int number = WTERMSIG(status);
    return fmt::format("signal {} ({})", number, strsignal(number));
}

}  // namespace

Result<std::shared_ptr<Process>> Process::start(
    runtime::EventLoop& loop,
    const std::vector<std::string>& command,
    const std::map<std::string, std::string>& environment
) {
    auto words = command;
    auto variables = merged(environment);
    const auto arguments = pointers(words);
    const auto variable_pointers = pointers(variables);
    Pipe output;
    Pipe failure;  // closed by a successful exec
    if (!output.open() || !failure.open()) return system_failure("pipe");
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) return system_failure("fork");
    if (pid == 0)
        become(
            const_cast<char**>(arguments.data()),
            const_cast<char**>(variable_pointers.data()),
            output.write,
            failure.write,
            parent
        );
    failure.close_write();
    output.close_write();
    int why = 0;
    if (::read(failure.read, &why, sizeof why) == sizeof why) {
        waitpid(pid, nullptr, 0);
        errno = why;
        return system_failure(command.front());
    }
    const int pid_descriptor = static_cast<int>(syscall(SYS_pidfd_open, pid, O_NONBLOCK));
    if (pid_descriptor < 0) {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        return system_failure("pidfd_open");
    }
    fcntl(output.read, F_SETFL, O_NONBLOCK);
    return std::make_shared<Process>(loop, pid, pid_descriptor, std::exchange(output.read, -1));
}

Process::Process(runtime::EventLoop& loop, pid_t pid, int pid_descriptor, int output)
    : pid_(pid), end_(loop, pid_descriptor), output_(loop, output), buffer_(piece) {}

Process::~Process() {
    if (buried_) return;
    signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
}

Task<std::string> Process::ended() {
    for (siginfo_t info{}; waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                           info.si_pid == 0;) {
        end_.mark_drained();
        co_await end_.readable();
    }
    // It may have been a shell around the program that does the work, which ends in its own time. While it is
    // a zombie, nobody else can have its number.
    if (!asked_to_end_) signal(SIGTERM);
    const Clock& clock = runtime::EventLoop::current().clock();
    const Deadline patience = Deadline::after(clock.now(), longest_end);
    const ProcessId group{.pid = pid_};
    while (group.group_alive()) {
        if (patience.passed(clock.now())) signal(SIGKILL);
        co_await runtime::sleep_for(50ms);
    }
    int status = 0;
    waitpid(pid_, &status, 0);
    buried_ = true;
    output_.cancel();
    co_return told(status);
}

Task<std::string_view> Process::read() {
    while (true) {
        const auto got = ::read(output_.fd(), buffer_.data(), buffer_.size());
        if (got > 0) co_return std::string_view(buffer_.data(), static_cast<std::size_t>(got));
        if (got == 0 || buried_ || (errno != EAGAIN && errno != EINTR)) co_return std::string_view();
        output_.mark_drained();
        co_await output_.readable();
    }
}

void Process::signal(int number) noexcept {
    // A second SIGTERM makes a service end at once.
    if (number == SIGTERM && std::exchange(asked_to_end_, true)) return;
    if (!buried_) kill(-pid_, number);
}

}  // namespace flotilla::fleet
