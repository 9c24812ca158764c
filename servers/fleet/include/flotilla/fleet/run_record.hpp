#pragma once
/// What runs, as `flotilla up` leaves it for `status` and `down` in `DATA/run/fleet.json`.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::fleet {

/// A process that cannot be mistaken for a later one with the same number.
struct ProcessId {
    pid_t pid = 0;
    std::uint64_t started = 0;  ///< field 22 of its stat line; 0: it was gone before one could look

    static ProcessId of(pid_t pid);

    [[nodiscard]] bool alive() const;
    /// Whether it, or something that it has started in its process group, is alive.
    [[nodiscard]] bool group_alive() const;

    friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

struct PartRecord {
    std::string name;
    ProcessId process;
    std::uint16_t port = 0;
    std::string health;
    std::string page;
    std::string log;
    std::uint32_t restarts = 0;
    std::int64_t started_at = 0;  ///< seconds since 1970
};

struct RunRecord {
    ProcessId supervisor;
    std::vector<PartRecord> parts;
};

/// Replaces the file as a whole.
Result<void> save(const RunRecord& record, const std::string& path);
/// `Errc::not_found` when nothing has been left there.
Result<RunRecord> load_run_record(const std::string& path);
std::string run_record_path(const std::string& data);

}  // namespace flotilla::fleet
