#pragma once
/// A child process: its end and its output as things to wait for.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/runtime/descriptor.hpp"

namespace flotilla::fleet {

/// Runs in a process group of its own, so that Ctrl-C on the terminal reaches its supervisor alone, and is
/// told to end when its supervisor dies. Belongs to one loop.
class Process {
public:
    /// What cannot be executed is an error here and not a child that ends.
    static Result<std::shared_ptr<Process>> start(
        runtime::EventLoop& loop,
        const std::vector<std::string>& command,
        const std::map<std::string, std::string>& environment
    );

    Process(runtime::EventLoop& loop, pid_t pid, int pid_descriptor, int output);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Waits for the end: "exit code 1", "signal 9 (Killed)".
    Task<std::string> ended();

    /// The next piece of what it wrote to stdout and stderr; empty at the end of both, or when it has ended
    /// and only children of its own keep them open.
    Task<std::string_view> read();

    /// To it and to all that it has started, which is one process group.
    void signal(int number) noexcept;

private:
    pid_t pid_;
    bool buried_ = false;
    bool asked_to_end_ = false;
    runtime::Descriptor end_;
    runtime::Descriptor output_;
    std::vector<char> buffer_;
};

}  // namespace flotilla::fleet
