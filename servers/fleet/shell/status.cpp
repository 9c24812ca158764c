#include "status.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>

#include "flotilla/base/text.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/types.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::fleet {

FLT_DESCRIBE_ENUM(PartHealth, up, ailing, down)
FLT_DESCRIBE(
    PartState,
    name,
    pid,
    port,
    health,
    (memory_bytes, as("memory_bytes")),
    (proportional_bytes, as("proportional_bytes")),
    (uptime_seconds, as("uptime_seconds")),
    restarts,
    page,
    log
)

namespace {

using namespace std::chrono_literals;

std::uint64_t resident_bytes(pid_t pid) {
    std::ifstream statm(fmt::format("/proc/{}/statm", pid));
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t proportional_bytes(pid_t pid) {
    std::ifstream rollup(fmt::format("/proc/{}/smaps_rollup", pid));
    for (std::string line; std::getline(rollup, line);) {
        constexpr std::string_view share = "Pss:";
        if (!line.starts_with(share)) continue;
        const auto words = split_list(std::string_view(line).substr(share.size()), ' ');
        return words.empty() ? 0 : parse_integer<std::uint64_t>(words.front()).value_or(0) << 10;
    }
    return 0;
}

std::string megabytes(std::uint64_t bytes) {
    return fmt::format("{} MB", bytes >> 20);
}

/// A line of the table. One with fewer cells than the table has columns ends with words, under whatever
/// columns.
using Row = std::vector<std::string>;

/// Numbers stand at the right end of their column, words at its beginning; a column is as wide as its widest
/// cell, whatever ports, ids and names there are.
std::string aligned(const std::vector<Row>& rows) {
    constexpr std::string_view sides = "<>><>>><";  // of PART, PID, ...
    std::array<std::size_t, sides.size()> widths{};
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            if (i + 1 < row.size()) widths.at(i) = std::max(widths.at(i), row[i].size());
    std::string text;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i) {
            const std::string gap(widths.at(i) - row[i].size(), ' ');
            text += sides[i] == '<' ? row[i] + gap : gap + row[i];
            text += "  ";
        }
        text += row.back() + '\n';
    }
    return text;
}

Task<> ask(http::Client& client, std::string url, PartHealth& health) {
    auto request = http::ClientRequest::get(url);
    const auto answer = co_await client.send(std::move(request));
    if (answer && answer->ok()) health = PartHealth::up;
}

Task<int> ask_all(runtime::Runtime& runtime, const RunRecord& record, std::vector<PartState>& states) {
    http::ClientConfig config;
    config.timeouts.connect = 500ms;
    config.timeouts.total = 1s;
    http::Client client(runtime, config);
    runtime::TaskScope scope(runtime.loop(0));
    for (std::size_t i = 0; i < states.size(); ++i)
        if (states[i].pid) scope.spawn(states[i].name, ask(client, record.parts[i].health, states[i].health));
    co_await scope.drain(Deadline::after(runtime.clock().now(), 2s));
    co_return 0;
}

}  // namespace

std::vector<PartState> look_at(const RunRecord& record) {
    runtime::RuntimeConfig config;
    config.loops = 1;
    runtime::Runtime runtime(config);
    const auto now =
        std::chrono::floor<std::chrono::seconds>(runtime.clock().wall_now()).time_since_epoch().count();
    std::vector<PartState> states;
    for (const PartRecord& part : record.parts) {
        PartState state;
        state.name = part.name;
        state.port = part.port;
        state.restarts = part.restarts;
        state.page = part.page;
        state.log = part.log;
        if (part.process.alive()) {
            state.pid = part.process.pid;
            state.health = PartHealth::ailing;
            state.memory_bytes = resident_bytes(part.process.pid);
            state.proportional_bytes = proportional_bytes(part.process.pid);
            state.uptime_seconds = now - part.started_at;
        }
        states.push_back(std::move(state));
    }
    runtime.run(ask_all(runtime, record, states));
    return states;
}

std::string status_table(const std::vector<PartState>& states) {
    if (states.empty()) return "Nothing runs. Start it with 'flotilla up'.\n";
    std::vector<Row> rows{{"PART", "PID", "PORT", "HEALTH", "MEMORY", "UPTIME", "RESTARTS", "PAGE"}};
    std::uint64_t total = 0;
    for (const PartState& state : states) {
        total += state.proportional_bytes.value_or(0);
        rows.push_back(
            {state.name,
             state.pid ? std::to_string(*state.pid) : "-",
             std::to_string(state.port),
             std::string(reflect::enum_text(state.health)),
             state.memory_bytes ? megabytes(*state.memory_bytes) : "-",
             state.uptime_seconds ? fmt::format("{} s", *state.uptime_seconds) : "-",
             std::to_string(state.restarts),
             state.page}
        );
    }
    rows.push_back({"", "", "", "", megabytes(total), "together: what they share is counted once"});
    return aligned(rows);
}

std::string status_json(const std::vector<PartState>& states) {
    return reflect::to_json(states) + '\n';
}

bool all_up(const std::vector<PartState>& states) {
    return std::ranges::all_of(states, [](const PartState& state) { return state.health == PartHealth::up; });
}

}  // namespace flotilla::fleet
