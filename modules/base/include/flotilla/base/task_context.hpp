#pragma once
/// What a running task carries along: the trace that it works for and the deadline that it must keep.
///
/// Each task (a connection, a scheduled job, a piece of pool work) owns a TaskContext. Whoever runs the task
/// installs it for the time that the task is on the thread and takes it off at each suspension, so that
/// `TaskContext::current()` is right in every log line and every outgoing call, however tasks interleave on
/// an event loop.

#include <cstdint>
#include <string>

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

struct TaskContext {
    TraceContext trace;
    Deadline deadline;
    /// The span that records for `trace`, when there is one; owned and understood by the tracing module.
    void* span = nullptr;
    /// Baggage and other propagated fields, when there are any; owned and understood by the tracing module.
    void* extra = nullptr;

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
