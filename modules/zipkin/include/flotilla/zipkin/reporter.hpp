#pragma once
/// Sends finished spans to a Zipkin server, or to whatever speaks its protocol.
///
///     Reporter reporter({.runtime = runtime, .meters = &registry, .log = log}, config);
///     Tracer tracer({}, Clock::system(), *reporter.sink());
///     reporter.start({.service = "order-service", .ip = "10.0.0.7", .port = 8080});
///     …
///     co_await reporter.stop();

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/tracing/span_sink.hpp"
#include "flotilla/zipkin/encoder.hpp"
#include "flotilla/zipkin/reporter_config.hpp"

namespace flotilla::zipkin {

/// All of it so far; those that wait or are under way are in neither column.
struct ReporterStats {
    std::uint64_t spans = 0;  ///< finished
    std::uint64_t spans_dropped = 0;
    std::uint64_t span_bytes = 0;  ///< encoded
    std::uint64_t messages = 0;    ///< sent, or given up
    std::uint64_t messages_dropped = 0;
    std::uint64_t message_bytes = 0;  ///< as sent, compressed
    std::size_t queued_spans = 0;
    std::size_t queued_bytes = 0;
};

/// Finishing a span costs a few atomic operations on the thread that does it. Everything else happens on the
/// first loop, and what costs more than moments on the blocking pool. Its own requests have no spans.
///
/// When the server is away, spans are dropped and counted (`zipkin.reporter.*`), and the log says so once.
class Reporter {
public:
    struct Means {
        runtime::Runtime& runtime;
        metrics::Registry* meters = nullptr;
        log::Logger log{};
        /// Where to post, asked before each message; null: always at the configured address.
        std::function<Task<Result<std::string>>()> locate{};
    };

    Reporter(Means means, ReporterConfig config);
    /// `stop` has run if `start` has.
    ~Reporter();
    Reporter(const Reporter&) = delete;
    Reporter& operator=(const Reporter&) = delete;

    /// Takes spans at once, also before the start. It may outlive the reporter.
    [[nodiscard]] std::shared_ptr<tracing::SpanSink> sink() const;

    /// On the first loop. `local` stands in every span.
    void start(const LocalEndpoint& local);
    /// On that loop, started or not: sends what is left until `close_timeout`, or the deadline where that is
    /// sooner, and counts the rest as dropped. Spans that finish later are dropped too.
    Task<> stop(Deadline deadline = {});

    /// From any thread.
    [[nodiscard]] ReporterStats stats() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace flotilla::zipkin
