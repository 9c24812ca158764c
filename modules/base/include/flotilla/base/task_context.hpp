#pragma once
/// What a running task carries along: the trace that it works for and the deadline that it must keep.
///
/// Each task (a connection, a scheduled job, a piece of pool work) owns a TaskContext. Whoever runs the task
/// installs it for the time that the task is on the thread and takes it off at each suspension, so that
/// `TaskContext::current()` is right in every log line and every outgoing call, however tasks interleave on
/// an event loop.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"

namespace flotilla {

/// Identity of one span: the trace that it belongs to, its own id and the sampling decision. Sixteen-byte
/// trace ids; a 64-bit trace id has `trace_high` 0. All zero means: no trace.
struct TraceContext {
    std::uint64_t trace_high = 0;
    std::uint64_t trace_low = 0;
    std::uint64_t span_id = 0;
    std::uint64_t parent_id = 0;
    bool sampled = false;
    bool debug = false;
    bool shared = false;      ///< joined: a server span that reuses its client's id
    bool w3c_random = false;  ///< W3C flag 0x02: low 56 bits of the trace id are random

    [[nodiscard]] constexpr bool valid() const noexcept { return span_id != 0; }

    friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

/// 16 or 32 lower-hex characters; empty when there is no trace.
std::string trace_id_text(const TraceContext& context);
/// 16 lower-hex characters; empty when there is no trace.
std::string span_id_text(const TraceContext& context);

/// Named values that travel with a task and the calls that it makes: baggage. Never changed once shared; a
/// new value makes a new set.
struct TaskFields {
    struct Field {
        std::string name;
        std::string value;
        bool remote = false;  ///< sent along with outgoing calls
        bool in_log = false;  ///< a member of JSON log lines

        friend bool operator==(const Field&, const Field&) = default;
    };

    std::vector<Field> fields;
    /// W3C `tracestate` of the caller, for the next hop.
    std::string trace_state;

    friend bool operator==(const TaskFields&, const TaskFields&) = default;
};

/// A pointer to something that belongs to one task alone: a copy of its TaskContext, made for another task,
/// does not have it.
class TaskOwned {
public:
    constexpr TaskOwned() noexcept = default;

    constexpr TaskOwned(const TaskOwned&) noexcept {}

    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): what is assigned is never the pointer
    constexpr TaskOwned& operator=(const TaskOwned&) noexcept {
        pointer_ = nullptr;
        return *this;
    }

    constexpr void* exchange(void* pointer) noexcept { return std::exchange(pointer_, pointer); }

    [[nodiscard]] constexpr void* get() const noexcept { return pointer_; }

private:
    void* pointer_ = nullptr;
};

/// A copy is what another task starts with: the same trace, deadline and fields, but no span to record in.
struct TaskContext {
    TraceContext trace;
    Deadline deadline;
    /// Wall clock less monotonic clock, as the first span of this trace in this process read them; zero when
    /// none did. Spans beneath it derive their time stamps, so that none begins before its parent.
    Duration wall_offset{};
    /// The record of the span behind `trace` while it is written; understood by the tracing module.
    TaskOwned span;
    /// Baggage, when there is any.
    std::shared_ptr<const TaskFields> fields;

    /// The context of the task that runs on this thread; a thread outside any task has one of its own.
    static TaskContext& current() noexcept;

    /// Makes a context current for a scope and puts the former one back at its end.
    class Scope {
    public:
        explicit Scope(TaskContext& context) noexcept;
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        TaskContext* former_;
    };
};

}  // namespace flotilla
