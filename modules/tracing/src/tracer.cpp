#include "flotilla/tracing/tracer.hpp"

#include <charconv>
#include <utility>

namespace flotilla::tracing {

namespace {

std::uint64_t draw_id(Random& generator) noexcept {
    std::uint64_t id = generator();
    while (id == 0) id = generator();
    return id;
}

}  // namespace

void SpanRef::tag(std::string_view key, std::int64_t value) const {
    if (!record_) return;
    char text[20];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    record_->tag(key, {text, end});
}

void SpanRef::annotate(std::string_view text) const {
    if (record_) record_->annotate(WallTime{tracer_->clock().now().time_since_epoch() + wall_offset_}, text);
}

Span::Span(Span&& other) noexcept
    : SpanRef(other.tracer_, std::exchange(other.record_, nullptr), other.wall_offset_),
      context_(other.context_),
      fields_(std::move(other.fields_)) {}

Span& Span::operator=(Span&& other) noexcept {
    if (this == &other) return *this;
    finish();
    tracer_ = other.tracer_;
    record_ = std::exchange(other.record_, nullptr);
    wall_offset_ = other.wall_offset_;
    context_ = other.context_;
    fields_ = std::move(other.fields_);
    return *this;
}

void Span::finish_record(std::optional<TimePoint> now) noexcept {
    SpanPtr record(std::exchange(record_, nullptr));
    // A Scope that is still open must not lead to a record that is gone.
    TaskContext& task = TaskContext::current();
    if (task.span.get() == record.get()) task.span.exchange(nullptr);
    const TimePoint end = now ? *now : tracer_->clock_.now();
    record->duration = WallTime{end.time_since_epoch() + wall_offset_} - record->start;
    tracer_->sink_.finished(std::move(record));
}

Scope::Scope(const Span& span) noexcept
    : task_(TaskContext::current()),
      trace_(std::exchange(task_.trace, span.context_)),
      wall_offset_(std::exchange(task_.wall_offset, span.wall_offset_)),
      span_(task_.span.exchange(span.record_)),
      fields_(std::exchange(task_.fields, span.fields_)) {}

Scope::~Scope() {
    task_.trace = trace_;
    task_.wall_offset = wall_offset_;
    task_.span.exchange(span_);
    task_.fields = std::move(fields_);
}

Tracer::Tracer(TracerConfig config, const Clock& clock, SpanSink& sink, Random* random)
    : config_(std::move(config)),
      clock_(clock),
      sink_(sink),
      random_(random),
      propagator_(config_.propagation),
      wall_offset_((clock.wall_now().time_since_epoch() - clock.now().time_since_epoch()).count()) {
    seconds_ = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(clock.wall_now()).time_since_epoch().count()
    );
    set_sampler(config_.sampler ? config_.sampler : *probability_sampler(0.1));
}

Tracer::~Tracer() = default;

void Tracer::set_sampler(std::shared_ptr<Sampler> sampler) {
    const std::lock_guard lock(samplers_mutex_);
    if (!samplers_.empty() && samplers_.back() == sampler) return;
    samplers_.push_back(std::move(sampler));
    sampler_.store(samplers_.back().get(), std::memory_order_release);
}

/// Brave's trace ids begin with the second in which they were drawn. Without a reading at hand the last one
/// is good enough: ids need not be exact, and clocks cost more than the rest of a span that is not recorded.
std::uint64_t Tracer::epoch_seconds(const Reading& now) noexcept {
    const std::uint64_t last = seconds_.load(std::memory_order_relaxed);
    if (!now) return last;
    const std::int64_t wall = now->time_since_epoch().count() + wall_offset_.load(std::memory_order_relaxed);
    const std::uint64_t seconds = static_cast<std::uint64_t>(wall) / 1'000'000'000;
    if (seconds != last) seconds_.store(seconds, std::memory_order_relaxed);
    return seconds;
}

bool Tracer::ask_sampler(std::uint64_t trace_low, const SpanStart& start, Reading& now) {
    if (!start.path.empty() && config_.skip.matches(start.path)) return false;
    Sampler& sampler = *sampler_.load(std::memory_order_acquire);
    if (!now && sampler.needs_time()) now = clock_.now();
    return sampler.sample({
        .trace_low = trace_low,
        .now = now.value_or(TimePoint{}),
        .method = start.method,
        .path = start.path,
        .route = start.route,
        .topic = start.topic,
    });
}

void Tracer::begin_trace(TraceContext& context, const SpanStart& start, Decision decision, Reading& now) {
    Random& generator = random();
    context.span_id = context.trace_low = draw_id(generator);
    if (config_.trace_id_128) context.trace_high = epoch_seconds(now) << 32 | generator() >> 32;
    context.w3c_random = true;
    context.debug = decision == Decision::debug;
    context.sampled =
        decision == Decision::none ? ask_sampler(context.trace_low, start, now) : decision != Decision::deny;
}

Span Tracer::start_incoming(SpanKind kind, const Extracted& incoming, const SpanStart& start) {
    Span span(this, incoming.context, incoming.fields);
    TraceContext& context = span.context_;
    Reading now = start.now;
    if (!incoming.has_ids()) {
        begin_trace(context, start, incoming.decision, now);
    } else {
        const bool join = kind == SpanKind::server && config_.supports_join && incoming.source != Format::w3c;
        if (!join) {
            context.parent_id = context.span_id;
            context.span_id = draw_id(random());
        }
        context.debug = incoming.decision == Decision::debug;
        context.sampled = incoming.decision == Decision::none ? ask_sampler(context.trace_low, start, now)
                                                              : incoming.decision != Decision::deny;
        // A client that left the decision open has not recorded its half: then the span is not shared.
        context.shared = join && context.sampled && incoming.decision != Decision::none;
    }
    if (context.sampled) record(span, kind, start.name, now);
    return span;
}

Span Tracer::start_child(const TaskContext& parent, SpanKind kind, const SpanStart& start) {
    Span span(this, parent.trace, parent.fields);
    TraceContext& context = span.context_;
    Reading now = start.now;
    if (context.valid()) {
        context.parent_id = context.span_id;
        context.span_id = draw_id(random());
        context.shared = false;
        span.wall_offset_ = parent.wall_offset;
    } else {
        begin_trace(context, start, Decision::none, now);
    }
    if (context.sampled) record(span, kind, start.name, now);
    return span;
}

void Tracer::record(Span& span, SpanKind kind, std::string_view name, const Reading& reading) {
    const TimePoint now = reading ? *reading : clock_.now();
    if (span.wall_offset_ == Duration::zero()) {
        span.wall_offset_ = clock_.wall_now().time_since_epoch() - now.time_since_epoch();
        wall_offset_.store(span.wall_offset_.count(), std::memory_order_relaxed);
    }
    SpanPtr data = make_span();
    data->context = span.context_;
    data->kind = kind;
    data->start = WallTime{now.time_since_epoch() + span.wall_offset_};
    if (!name.empty()) data->set_name(name);
    if (kind == SpanKind::server && span.fields_) {
        for (const std::string& field : config_.propagation.baggage.tag_fields)
            if (const auto value = find_field(span.fields_.get(), field)) data->tag(field, *value);
    }
    span.record_ = data.release();
}

SpanRef Tracer::current() const noexcept {
    const TaskContext& task = TaskContext::current();
    return {this, static_cast<SpanData*>(task.span.get()), task.wall_offset};
}

std::optional<std::string_view> Tracer::baggage(std::string_view name) const noexcept {
    return find_field(TaskContext::current().fields.get(), name);
}

void Tracer::set_baggage(std::string_view name, std::string_view value) {
    TaskContext& task = TaskContext::current();
    task.fields = propagator_.with_field(std::move(task.fields), name, value);
}

}  // namespace flotilla::tracing
