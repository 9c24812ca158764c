#pragma once
/// The logging of a process: loggers by name, their levels, and the thread that writes.
///
/// `main` (or the service module) owns one LogSystem and hands out loggers; nothing is global. A caller's
/// thread formats the message into a bounded ring and goes on; a writer thread masks secrets, renders and
/// writes. When the ring is full, lines are dropped and the number is told in a later line; an ERROR waits a
/// little first. Every method is safe from any thread. The destructor writes what is left.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/log/level.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/log/sink.hpp"

namespace flotilla::log {

struct LogOptions {
    std::string service{};  ///< in the bracket of the console line
    std::map<std::string, Level> levels{{"ROOT", Level::info}};
    std::map<std::string, std::vector<std::string>> groups{
        {"web", {"http.server", "gateway"}}, {"sql", {"db"}}
    };
    Bytes ring = Bytes::mega(1);                         ///< rounded up to a power of two, at least 64 KB
    std::size_t max_message = 16 * 1024;                 ///< longer messages are cut
    Duration error_wait = std::chrono::milliseconds(5);  ///< how long an ERROR waits for room in a full ring
};

struct LoggerState {
    std::string name;
    std::optional<Level> configured;
    Level effective;
    friend bool operator==(const LoggerState&, const LoggerState&) = default;
};

struct GroupState {
    std::string name;
    std::optional<Level> configured;
    std::vector<std::string> members;
    friend bool operator==(const GroupState&, const GroupState&) = default;
};

struct Counts {
    std::array<std::uint64_t, all_levels.size()> events{};  ///< by level, since the start; dropped ones too
    std::uint64_t dropped = 0;                              ///< lines lost to a full ring

    [[nodiscard]] std::uint64_t of(Level level) const noexcept { return events[index(level)]; }
};

class LogSystem {
public:
    explicit LogSystem(
        LogOptions options, std::vector<std::unique_ptr<Sink>> sinks, const Clock& clock = Clock::system()
    );
    /// Console lines on standard output.
    explicit LogSystem(LogOptions options = {});
    ~LogSystem();
    LogSystem(const LogSystem&) = delete;
    LogSystem& operator=(const LogSystem&) = delete;

    /// The logger of a dotted name, made at the first call; `ROOT` is the parent of all.
    [[nodiscard]] Logger logger(std::string_view name);

    /// Every known logger: `ROOT` first, then by name.
    [[nodiscard]] std::vector<LoggerState> loggers() const;
    [[nodiscard]] std::optional<LoggerState> find_logger(std::string_view name) const;
    [[nodiscard]] std::vector<GroupState> groups() const;
    [[nodiscard]] std::optional<GroupState> find_group(std::string_view name) const;
    /// Sets a logger, which need not exist yet, or all members of a group. The next call on any thread sees
    /// it.
    void set_level(std::string_view name, Level level);
    /// Back to what the parent has. `ROOT` has no parent: invalid_argument.
    Result<void> clear_level(std::string_view name);

    /// From now on this text is written as `******` wherever it appears. Texts under four characters are not
    /// taken: they would garble everything.
    void add_secret(std::string_view value);

    [[nodiscard]] Counts counts() const noexcept;

    /// Returns when everything logged before by this thread has been handed to the sinks and flushed.
    void flush();

    /// On a fatal signal, lets the writer empty the ring (for at most half a second) before the process dies.
    /// One system of a process can have this; it ends with the system.
    void flush_on_crash();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::log
