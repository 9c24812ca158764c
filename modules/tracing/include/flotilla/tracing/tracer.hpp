#pragma once
/// Starts spans for server, client and local work and makes them current for the code beneath.
///
///     Tracer tracer(config, Clock::system(), sink);
///     Span span = tracer.start_server(tracer.propagator().extract(headers), {.now = arrived, .path = path});
///     Scope scope(span);                       // log lines and calls below belong to this span
///     …
///     span.tag("http.method", "GET");
///     span.finish(done);                       // at the latest when `span` goes

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/base/task_context.hpp"
#include "flotilla/tracing/propagation.hpp"
#include "flotilla/tracing/sampler.hpp"
#include "flotilla/tracing/span_data.hpp"
#include "flotilla/tracing/span_sink.hpp"

namespace flotilla::tracing {

class Tracer;

struct TracerConfig {
    bool trace_id_128 = true;
    /// A B3 server span reuses its client's id. Never with W3C ids.
    bool supports_join = true;
    PropagationConfig propagation = {};
    SkipPattern skip = {};
    /// Null stands for `probability_sampler(0.1)`.
    std::shared_ptr<Sampler> sampler = {};
};

/// What may be known when a span starts.
struct SpanStart {
    std::string_view name = {};
    /// A clock reading that the caller has anyway; without it the tracer reads the clock, if the span is
    /// recorded.
    std::optional<TimePoint> now = std::nullopt;
    // For sampling rules and the skip pattern, when this span begins a trace:
    std::string_view method = {};
    std::string_view path = {};
    std::string_view route = {};
    std::string_view topic = {};
};

/// What can be said about a span that is under way. Does nothing when the span is not recorded. A handle:
/// cheap to copy, valid as long as the Span that it comes from.
class SpanRef {
public:
    SpanRef() = default;

    /// False: everything said here is forgotten, so costly tags need not be made.
    [[nodiscard]] bool recording() const noexcept { return record_ != nullptr; }

    void name(std::string_view text) const {
        if (record_) record_->set_name(text);
    }

    void tag(std::string_view key, std::string_view value) const {
        if (record_) record_->tag(key, value);
    }

    void tag(std::string_view key, std::int64_t value) const;

    void tag_if_absent(std::string_view key, std::string_view value) const {
        if (record_) record_->tag_if_absent(key, value);
    }

    /// Marks the span as failed, unless it is already; the text is the message or the kind of the failure.
    void error(std::string_view text) const {
        if (record_) record_->tag_if_absent("error", text.empty() ? "error" : text);
    }

    void annotate(std::string_view text) const;

    void remote(const EndpointView& endpoint) const {
        if (record_) record_->set_remote(endpoint);
    }

    /// A handle to hand around while a Span stays with its owner.
    [[nodiscard]] SpanRef ref() const noexcept { return *this; }

    /// Null when not recording.
    [[nodiscard]] SpanData* data() const noexcept { return record_; }

protected:
    friend class Tracer;

    SpanRef(const Tracer* tracer, SpanData* record, Duration wall_offset) noexcept
        : tracer_(tracer), record_(record), wall_offset_(wall_offset) {}

    const Tracer* tracer_ = nullptr;
    SpanData* record_ = nullptr;
    Duration wall_offset_{};
};

/// A span under way. Ids exist whether or not it is recorded. Owned by one task; finishes when destroyed at
/// the latest, before its Tracer goes.
class [[nodiscard]] Span : public SpanRef {
public:
    Span() = default;
    Span(Span&& other) noexcept;
    Span& operator=(Span&& other) noexcept;
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

    ~Span() {
        if (record_) finish_record(std::nullopt);
    }

    [[nodiscard]] const TraceContext& context() const noexcept { return context_; }

    [[nodiscard]] const std::shared_ptr<const TaskFields>& fields() const noexcept { return fields_; }

    /// Reads the clock only when recorded. Further calls do nothing.
    void finish() noexcept {
        if (record_) finish_record(std::nullopt);
    }

    void finish(TimePoint now) noexcept {
        if (record_) finish_record(now);
    }

    /// Forgets the record: nothing is reported.
    void abandon() noexcept { SpanPtr(std::exchange(record_, nullptr)).reset(); }

private:
    friend class Tracer;
    friend class Scope;

    Span(const Tracer* tracer, const TraceContext& context, std::shared_ptr<const TaskFields> fields) noexcept
        : SpanRef(tracer, nullptr, {}), context_(context), fields_(std::move(fields)) {}

    void finish_record(std::optional<TimePoint> now) noexcept;

    TraceContext context_;
    std::shared_ptr<const TaskFields> fields_;
};

/// Makes a span current in the TaskContext of the running task, and puts the former state back at its end,
/// even when the task has been suspended in between. Ends before the span does.
class [[nodiscard]] Scope {
public:
    explicit Scope(const Span& span) noexcept;
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

private:
    TaskContext& task_;
    TraceContext trace_;
    Duration wall_offset_;
    void* span_;
    std::shared_ptr<const TaskFields> fields_;
};

/// One per process; shared by all threads, lock-free where requests pass. The sink, and the clock, outlive
/// it.
class Tracer {
public:
    /// `random` is for tests and simulation on one thread; without it each thread has its own generator.
    Tracer(TracerConfig config, const Clock& clock, SpanSink& sink, Random* random = nullptr);
    ~Tracer();
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    /// The span of a request or message that comes in: joins, continues or begins a trace, as the headers
    /// say.
    Span start_server(const Extracted& incoming, const SpanStart& start = {}) {
        return start_incoming(SpanKind::server, incoming, start);
    }

    Span start_incoming(SpanKind kind, const Extracted& incoming, const SpanStart& start = {});

    /// Children of the current task's span; without one they begin a trace.
    Span start_client(const SpanStart& start = {}) { return start_span(SpanKind::client, start); }

    Span start_client(std::string_view name) { return start_client(SpanStart{.name = name}); }

    Span start_local(const SpanStart& start = {}) { return start_span(SpanKind::none, start); }

    Span start_local(std::string_view name) { return start_local(SpanStart{.name = name}); }

    Span start_span(SpanKind kind, const SpanStart& start) {
        return start_child(TaskContext::current(), kind, start);
    }

    /// A child of another task's span.
    Span start_child(const TaskContext& parent, SpanKind kind, const SpanStart& start);

    /// Begins a trace, whatever is current.
    Span start_root(SpanKind kind, const SpanStart& start) { return start_child(TaskContext{}, kind, start); }

    /// The span that records on the current task; one that records nothing when there is none.
    [[nodiscard]] SpanRef current() const noexcept;

    /// Baggage of the current task. Setting it has an effect on what is started and called from then on.
    [[nodiscard]] std::optional<std::string_view> baggage(std::string_view name) const noexcept;
    void set_baggage(std::string_view name, std::string_view value);

    /// The headers of a call made within that span.
    void inject(const Span& span, OutgoingHeaders& out) const {
        propagator_.inject(span.context(), span.fields().get(), out);
    }

    void append_lines(const Span& span, std::string& out) const {
        propagator_.append_lines(span.context(), span.fields().get(), out);
    }

    void inject_messaging(const Span& span, OutgoingHeaders& out) const {
        propagator_.inject_messaging(span.context(), span.fields().get(), out);
    }

    /// From the next new trace on. Any thread. A sampler that is replaced lives on until the tracer goes,
    /// since a thread may be inside it.
    void set_sampler(std::shared_ptr<Sampler> sampler);

    [[nodiscard]] const Propagator& propagator() const noexcept { return propagator_; }

    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

private:
    friend class Span;

    [[nodiscard]] Random& random() noexcept { return random_ ? *random_ : Random::of_thread(); }

    using Reading = std::optional<TimePoint>;

    /// These two note in `now` a clock reading that they had to make.
    void begin_trace(TraceContext& context, const SpanStart& start, Decision decision, Reading& now);
    bool ask_sampler(std::uint64_t trace_low, const SpanStart& start, Reading& now);
    std::uint64_t epoch_seconds(const Reading& now) noexcept;
    void record(Span& span, SpanKind kind, std::string_view name, const Reading& reading);

    TracerConfig config_;
    const Clock& clock_;
    SpanSink& sink_;
    Random* random_;
    Propagator propagator_;
    std::atomic<Sampler*> sampler_;
    std::atomic<std::int64_t>
        wall_offset_;  // of the last recorded local root: good enough for the seconds in ids
    std::atomic<std::uint64_t> seconds_;
    std::mutex samplers_mutex_;
    std::vector<std::shared_ptr<Sampler>> samplers_;
};

}  // namespace flotilla::tracing
