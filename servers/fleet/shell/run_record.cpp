#include "flotilla/fleet/run_record.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::fleet {

FLT_DESCRIBE(ProcessId, pid, started)
FLT_DESCRIBE(PartRecord, name, process, port, health, page, log, restarts, started_at)
FLT_DESCRIBE(RunRecord, supervisor, parts)

namespace {

struct ProcessLook {
    std::uint64_t started = 0;
    pid_t group = 0;
};

/// Zeros for a process that is gone or only waits to be buried.
ProcessLook look(const std::string& process) {
    std::ifstream file("/proc/" + process + "/stat");
    std::string line;
    if (!std::getline(file, line)) return {};
    const std::size_t name_end = line.rfind(')');  // the name may hold blanks and brackets
    if (name_end == line.npos || name_end + 2 >= line.size()) return {};
    const auto fields = split(std::string_view(line).substr(name_end + 2), ' ');
    constexpr std::size_t state = 0;
    constexpr std::size_t group = 2;
    constexpr std::size_t started = 19;  // the 22nd of the line
    if (fields.size() <= started || fields[state] == "Z" || fields[state] == "X") return {};
    return {
        .started = parse_integer<std::uint64_t>(fields[started]).value_or(0),
        .group = parse_integer<pid_t>(fields[group]).value_or(0)
    };
}

std::uint64_t start_time(pid_t pid) {
    return look(std::to_string(pid)).started;
}

}  // namespace

ProcessId ProcessId::of(pid_t pid) {
    return {.pid = pid, .started = start_time(pid)};
}

bool ProcessId::alive() const {
    return pid > 0 && started != 0 && start_time(pid) == started;
}

bool ProcessId::group_alive() const {
    if (alive()) return true;
    // The number of a group is given to no new process: one without its leader is still what it was.
    if (pid <= 0 || start_time(pid) != 0) return false;
    std::error_code error;
    for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename();
        if (parse_integer<pid_t>(name) && look(name).group == pid) return true;
    }
    return false;
}

std::string run_record_path(const std::string& data) {
    return data + "/run/fleet.json";
}

Result<void> save(const RunRecord& record, const std::string& path) {
    const std::string fresh = path + ".new";
    {
        std::ofstream file(fresh, std::ios::trunc);
        file << reflect::to_json(record) << '\n';
        if (!file.flush()) return fail(Errc::io, fmt::format("cannot write {}", fresh));
    }
    std::error_code error;
    std::filesystem::rename(fresh, path, error);
    if (error) return fail(Error(error, fmt::format("cannot replace {}: {}", path, error.message())));
    return {};
}

Result<RunRecord> load_run_record(const std::string& path) {
    std::ifstream file(path);
    if (!file) return fail(Errc::not_found, fmt::format("there is no {}", path));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    auto record = reflect::from_json<RunRecord>(text);
    if (!record) return fail(record.error().within(path));
    return record;
}

}  // namespace flotilla::fleet
