#pragma once
/// The thread behind the loggers: takes records off the ring, masks and renders them, hands them to the
/// sinks.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "flotilla/log/log_system.hpp"
#include "ring.hpp"

namespace flotilla::log::detail {

class Writer;

/// A logger's place in the tree of names.
struct Node : Switch {
    Writer* writer = nullptr;
    std::string name;
    Node* parent = nullptr;
    std::optional<Level> configured;
};

/// A record's fixed part in the ring; thread name, message and encoded fields follow it.
struct RecordHead {
    const Node* node;
    std::int64_t time;
    TraceContext trace;
    std::uint32_t message_size;
    std::uint32_t fields_size;
    Level level;
    std::uint8_t thread_size;
};

class Writer {
public:
    Writer(const LogOptions& options, std::vector<std::unique_ptr<Sink>> sinks, const Clock& clock);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void submit(const Node& node, Level level, std::string_view message, std::string_view fields) noexcept;
    void flush();
    void add_secret(std::string_view value);
    [[nodiscard]] Counts counts() const noexcept;

    /// For a signal handler: lets the thread empty the ring, for at most half a second.
    void flush_in_signal_handler() noexcept;

    const Clock& clock;
    const std::size_t max_message;

private:
    enum Sleep : std::uint32_t {
        awake,
        napping,  ///< for a few milliseconds: producers need not wake it
        asleep,
    };

    std::byte* reserve(Level level, std::size_t size) noexcept;
    void wake_if(Sleep at_least) noexcept;
    void run();
    bool drain();
    void deliver(std::span<std::byte> bytes);
    void emit(Record record);
    /// True when there was something to tell.
    bool report_drops();
    void doze(unsigned quiet_rounds);

    const std::string service_;
    const int pid_;
    const std::chrono::nanoseconds error_wait_;
    std::vector<std::unique_ptr<Sink>> sinks_;
    Ring ring_;
    std::array<std::atomic<std::uint64_t>, all_levels.size()> events_{};
    std::atomic<std::uint64_t> dropped_{0};

    alignas(64) std::atomic<std::uint32_t> sleep_{awake};
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> written_{0};  ///< ring position up to which sinks have been flushed

    mutable std::mutex secrets_mutex_;
    std::shared_ptr<const std::vector<std::string>> secrets_;

    // Of the thread alone.
    std::uint64_t drops_reported_ = 0;
    WallTime last_time_;
    std::string scratch_;
    std::vector<Record::Entry> entries_;
    std::vector<std::string> masked_values_;

    std::thread thread_;
};

/// Field encoding in the ring: size of key, size of value, kind, then the bytes of both.
void append_field(std::string& out, std::string_view key, std::string_view value, Record::Kind kind);

}  // namespace flotilla::log::detail
