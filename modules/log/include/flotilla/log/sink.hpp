#pragma once
/// Where log lines go, and how they look there.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/base/task_context.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/log/level.hpp"

namespace flotilla::log {

/// One log event as a sink sees it, secrets already masked; views are good for the call only.
struct Record {
    enum class Kind : std::uint8_t {
        bare,  ///< a number or truth value
        text,
        context,  ///< a text of the task rather than of the line: for JSON only
    };

    struct Entry {
        std::string_view key;
        std::string_view text;
        Kind kind;
    };

    WallTime time;
    Level level = Level::info;
    std::string_view logger;
    std::string_view thread;
    std::string_view service;
    TraceContext trace;
    int pid = 0;
    std::string_view message;
    std::span<const Entry> fields{};
};

/// Called by the writer thread alone: `write` for each record, `flush` at the end of a batch.
class Sink {
public:
    virtual ~Sink() = default;
    virtual void write(const Record& record) = 0;
    virtual void flush() = 0;

protected:
    Sink() = default;
    Sink(const Sink&) = default;
    Sink& operator=(const Sink&) = default;
};

enum class Format { console, json };
enum class Colour { automatic, always, never };
enum class TimeZone { local, utc };

struct Style {
    Format format = Format::console;
    Colour colour = Colour::automatic;  ///< automatic: only on a terminal, and not when NO_COLOR is set
    TimeZone zone = TimeZone::local;    ///< of the console format; JSON is always UTC
    bool legacy_correlation = false;    ///< Sleuth's fourth field in the bracket: exported or not
};

/// Turns records to lines, each with its `\n`.
class Renderer {
public:
    /// `Colour::automatic` means without colour here: a sink that has a terminal says `always`.
    explicit Renderer(Style style) noexcept : style_(style) {}

    void render(const Record& record, std::string& out);

private:
    void render_console(const Record& record, std::string& out);
    static void render_json(const Record& record, std::string& out);
    void append_time(WallTime time, std::string& out);

    Style style_;
    std::int64_t cached_second_ = INT64_MIN;
    std::string cached_text_;
};

/// Standard output, or another open descriptor that stays the caller's.
std::unique_ptr<Sink> console_sink(Style style = {}, int fd = 1);

struct FileOptions {
    std::string name{};                ///< `logging.file.name`
    Bytes max_size = Bytes::mega(10);  ///< a file that would grow beyond is moved to `name.1`
    std::uint32_t max_history = 7;     ///< how many moved files are kept, `name.1` the newest
};

/// Appends to a file. Fails when the file cannot be opened; later failures are told on standard error once.
Result<std::unique_ptr<Sink>> file_sink(FileOptions options, Style style = {});

/// Keeps lines in memory, for tests.
class MemorySink final : public Sink {
public:
    explicit MemorySink(Style style = {.colour = Colour::never, .zone = TimeZone::utc}) : renderer_(style) {}

    void write(const Record& record) override;

    void flush() override {}

    /// Without their line ends.
    [[nodiscard]] std::vector<std::string> lines() const;

private:
    mutable std::mutex mutex_;
    Renderer renderer_;
    std::vector<std::string> lines_;
};

/// A dotted name in at most 39 characters, as Spring's `%logger{39}`: parts from the left become one letter.
std::string shorten_logger_name(std::string_view name);

}  // namespace flotilla::log
