#include <benchmark/benchmark.h>

#include "flotilla/tracing/http_rules.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::tracing {

namespace {

struct Setup {
    explicit Setup(std::shared_ptr<Sampler> sampler)
        : tracer({.sampler = std::move(sampler)}, Clock::system(), sink) {}

    NullSpanSink sink;
    Tracer tracer;
};

/// Start and finish, with the clock reading that the server has anyway.
void unsampled_span(benchmark::State& state) {
    Setup setup(*probability_sampler(0));
    const Extracted nothing;
    const TimePoint now = Clock::system().now();
    for (auto _ : state) {
        Span span = setup.tracer.start_server(nothing, {.now = now});
        span.finish(now);
        benchmark::DoNotOptimize(span);
    }
}

BENCHMARK(unsampled_span);

void unsampled_child(benchmark::State& state) {
    Setup setup(never_sampler());
    const Span root = setup.tracer.start_server({});
    const Scope scope(root);
    for (auto _ : state) {
        Span span = setup.tracer.start_client("get");
        benchmark::DoNotOptimize(span);
    }
}

BENCHMARK(unsampled_child);

/// The whole of it for an HTTP server: skip pattern, scope, naming.
void unsampled_server_request(benchmark::State& state) {
    NullSpanSink sink;
    Tracer tracer(
        {.skip = *SkipPattern::parse(SkipPattern::default_pattern()), .sampler = *probability_sampler(0)},
        Clock::system(),
        sink
    );
    const TimePoint now = Clock::system().now();
    for (auto _ : state) {
        const IncomingHeaders headers;
        Span span = tracer.start_server(
            tracer.propagator().extract(headers), {.now = now, .method = "GET", .path = "/hello/world"}
        );
        const Scope scope(span);
        describe_http_server(
            span, {.method = "GET", .path = "/hello/world", .route = "/hello/{name}", .status = 200}, {}
        );
        span.finish(now);
    }
}

BENCHMARK(unsampled_server_request);

void sampled_span_with_four_tags(benchmark::State& state) {
    Setup setup(always_sampler());
    for (auto _ : state) {
        Span span = setup.tracer.start_server({}, {.name = "get /hello/{name}"});
        span.tag("http.method", "GET");
        span.tag("http.path", "/hello/world");
        span.tag("mvc.controller.class", "HelloController");
        span.tag("mvc.controller.method", "hello");
    }
}

BENCHMARK(sampled_span_with_four_tags);

void sampled_span_with_given_times(benchmark::State& state) {
    Setup setup(always_sampler());
    const TimePoint now = Clock::system().now();
    for (auto _ : state) {
        Span span = setup.tracer.start_server({}, {.name = "get /hello/{name}", .now = now});
        span.tag("http.method", "GET");
        span.tag("http.path", "/hello/world");
        span.tag("mvc.controller.class", "HelloController");
        span.tag("mvc.controller.method", "hello");
        span.finish(now);
    }
}

BENCHMARK(sampled_span_with_given_times);

void sampled_child_with_four_tags(benchmark::State& state) {
    Setup setup(always_sampler());
    const Span root = setup.tracer.start_server({});
    const Scope scope(root);
    for (auto _ : state) {
        Span span = setup.tracer.start_client("get");
        span.tag("http.method", "GET");
        span.tag("http.path", "/hello/world");
        span.tag("mvc.controller.class", "HelloController");
        span.tag("mvc.controller.method", "hello");
    }
}

BENCHMARK(sampled_child_with_four_tags);

constexpr TraceContext context{
    .trace_high = 0x5e8eeec48b08e268,
    .trace_low = 0x82aba313eb08f0a4,
    .span_id = 0xdcc1df555b5777b3,
    .parent_id = 7,
    .sampled = true
};

void b3_extract_and_inject(benchmark::State& state) {
    const bool multi = state.range(0) != 0;
    const Format format = multi ? Format::b3_multi : Format::b3;
    const Propagator propagator({.produce = {format}});
    IncomingHeaders headers;
    OutgoingHeaders source;
    propagator.inject(context, nullptr, source);
    for (const auto& [name, value] : source) headers.offer(name, value);
    for (auto _ : state) {
        const Extracted extracted = propagator.extract(headers);
        OutgoingHeaders out;
        propagator.inject(extracted.context, extracted.fields.get(), out);
        benchmark::DoNotOptimize(out.all());
    }
}

BENCHMARK(b3_extract_and_inject)->ArgName("multi")->Arg(0)->Arg(1);

void default_inject(benchmark::State& state) {
    const Propagator propagator;
    for (auto _ : state) {
        OutgoingHeaders out;
        propagator.inject(context, nullptr, out);
        benchmark::DoNotOptimize(out.all());
    }
}

BENCHMARK(default_inject);

void rate_sampler_decision(benchmark::State& state) {
    const auto sampler = *rate_sampler(10);
    SamplingRequest request{
        .trace_low = 0, .now = Clock::system().now(), .method = {}, .path = {}, .route = {}, .topic = {}
    };
    for (auto _ : state) {
        request.now += std::chrono::microseconds(3);
        benchmark::DoNotOptimize(sampler->sample(request));
    }
}

BENCHMARK(rate_sampler_decision);

void system_clock_reading(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(Clock::system().now());
}

BENCHMARK(system_clock_reading);

}  // namespace

}  // namespace flotilla::tracing
