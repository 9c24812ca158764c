#pragma once
/// Keeps the parts of a plan running.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "console.hpp"
#include "flotilla/fleet/plan.hpp"
#include "flotilla/fleet/restart_policy.hpp"
#include "flotilla/fleet/run_record.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "process.hpp"

namespace flotilla::fleet {

std::string log_path(const std::string& data, const std::string& name);

struct SupervisorSettings {
    std::string data;
    Colour colour = Colour::no;
    Echo echo = Echo::yes;
    /// Told once: where everything is when all parts are ready, or why they are not.
    std::function<void(const Result<std::string>& word)> on_ready;
};

/// Lives on the loop of the main thread: a child ends with the thread that started it.
class Supervisor {
public:
    Supervisor(runtime::Runtime& runtime, std::vector<Part> parts, SupervisorSettings settings);
    ~Supervisor();

    /// Until a signal comes; the exit code. A part that cannot start ends it with 1, one that dies later is
    /// started again.
    Task<int> run();

private:
    enum class Phase { waiting, starting, ready, dead };

    struct Keeper {
        Part part;
        std::unique_ptr<PartLog> log;
        std::shared_ptr<Process> process{};
        RestartPolicy restarts{};
        Phase phase = Phase::waiting;
        std::string end{};  ///< how its last life ended
        ProcessId id{};
        WallTime started_wall{};
    };

    Task<> keep(Keeper& keeper);
    Task<> live_once(Keeper& keeper);
    /// They hold the process: either may end first.
    Task<> follow(Keeper& keeper, std::shared_ptr<Process> process);
    Task<> await_end(Keeper& keeper, std::shared_ptr<Process> process);
    Task<> await_readiness(Keeper& keeper, pid_t pid);
    Task<> await_predecessors(const Keeper& keeper);
    Task<> await_all_ready();
    Task<> listen_for_signals();
    Task<> stop_all();
    Task<> stop_wave(std::function<bool(const Keeper&)> in_wave);

    [[nodiscard]] bool is_ready(const std::string& group) const;
    void tell_of_death(const Keeper& keeper);
    void give_up(std::string why);
    void record();
    void say(std::string_view text);

    runtime::Runtime& runtime_;
    SupervisorSettings settings_;
    http::Client client_;
    std::vector<std::unique_ptr<Keeper>> keepers_;
    runtime::TaskScope scope_;
    runtime::TaskScope lives_;  // processes and their output; ends after the scope
    runtime::Signal changed_;
    TimePoint began_;
    bool up_ = false;
    bool stopping_ = false;
    bool hurry_ = false;
    std::string failure_;
};

}  // namespace flotilla::fleet
