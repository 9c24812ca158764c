#pragma once
/// How the parts of a running fleet are.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/fleet/run_record.hpp"

namespace flotilla::fleet {

/// `up` answers that it is well, `ailing` runs but does not, `down` does not run.
enum class PartHealth : std::uint8_t { up, ailing, down };

struct PartState {
    std::string name;
    std::optional<pid_t> pid;
    std::uint16_t port = 0;
    PartHealth health = PartHealth::down;
    std::optional<std::uint64_t> memory_bytes;
    /// Its share: what several parts have in common, such as program text, is divided among them.
    std::optional<std::uint64_t> proportional_bytes;
    std::optional<std::int64_t> uptime_seconds;
    std::uint32_t restarts = 0;
    std::string page;
    std::string log;
};

/// Asks all of them at once; takes a second at most.
std::vector<PartState> look_at(const RunRecord& record);

std::string status_table(const std::vector<PartState>& states);
std::string status_json(const std::vector<PartState>& states);
bool all_up(const std::vector<PartState>& states);

}  // namespace flotilla::fleet
