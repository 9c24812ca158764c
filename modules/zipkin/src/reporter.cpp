#include "flotilla/zipkin/reporter.hpp"

#include <fmt/format.h>

#include <atomic>
#include <optional>
#include <utility>

#include "flotilla/base/assert.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/http/url.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/zipkin/delivery.hpp"
#include "flotilla/zipkin/message.hpp"
#include "flotilla/zipkin/pace.hpp"
#include "flotilla/zipkin/report_queue.hpp"

namespace flotilla::zipkin {

namespace {

using namespace std::chrono_literals;
using tracing::SpanPtr;

/// So few spans are encoded on the loop: it takes little longer than a hop to another thread.
constexpr std::size_t spans_at_once = 128;
/// When the blocking pool takes no work.
constexpr Duration pool_pause = 50ms;

struct Counts {
    std::atomic<std::uint64_t> spans_dropped{0};  // but for those that found the queue full
    std::atomic<std::uint64_t> span_bytes{0};
    std::atomic<std::uint64_t> messages{0};
    std::atomic<std::uint64_t> messages_dropped{0};
    std::atomic<std::uint64_t> message_bytes{0};
};

void add(std::atomic<std::uint64_t>& count, std::uint64_t more) noexcept {
    count.fetch_add(more, std::memory_order_relaxed);
}

/// What the threads of a program and the reporter have in common.
struct Shared {
    Shared(const ReporterConfig& config, std::function<void()> bell)
        : queue(
              {.max_spans = config.queued_max_spans, .max_bytes = config.queued_max_bytes.count},
              {.enough_bytes = config.message_max_bytes.count},
              std::move(bell)
          ) {}

    ReportQueue queue;
    Counts counts;
};

/// Meters live as long as their registry, so they keep what they read alive.
void bind_meters(metrics::Registry& meters, const std::shared_ptr<Shared>& shared) {
    const auto count = [&](std::string_view name, std::atomic<std::uint64_t> Counts::* which, std::string text
                       ) {
        meters.function_counter(
            name,
            {},
            [shared, which] { return static_cast<double>((shared->counts.*which).load()); },
            {.description = std::move(text)}
        );
    };
    const auto read = [](std::shared_ptr<Shared> from, auto of) {
        return [from = std::move(from), of] { return static_cast<double>(of(*from)); };
    };
    count("zipkin.reporter.messages", &Counts::messages, "Messages sent or given up");
    count("zipkin.reporter.messages.bytes", &Counts::message_bytes, "Size of messages as they are sent");
    count("zipkin.reporter.spans.bytes", &Counts::span_bytes, "Size of encoded spans");
    meters.function_counter(
        "zipkin.reporter.spans",
        {},
        read(shared, [](const Shared& s) { return s.queue.offered(); }),
        {.description = "Spans that finished"}
    );
    meters.function_counter(
        "zipkin.reporter.spans.dropped",
        {},
        read(shared, [](const Shared& s) { return s.queue.dropped() + s.counts.spans_dropped.load(); }),
        {.description = "Spans that were not sent"}
    );
    meters.gauge(
        "zipkin.reporter.queue.spans",
        {},
        read(shared, [](const Shared& s) { return s.queue.size(); }),
        {.description = "Spans that wait or are under way"}
    );
    meters.gauge(
        "zipkin.reporter.queue.bytes",
        {},
        read(shared, [](const Shared& s) { return s.queue.bytes(); }),
        {.description = "Memory of these spans"}
    );
}

http::ClientConfig client_config(const ReporterConfig& config) {
    http::ClientConfig client;
    client.name = "span-reporter";
    client.timeouts.connect = config.connect_timeout;
    client.timeouts.response = config.read_timeout;
    client.timeouts.idle = config.read_timeout;
    client.timeouts.total = config.connect_timeout + config.read_timeout;
    client.max_response_size = Bytes::kilo(64);
    client.send_deadline = false;
    return client;
}

bool is_on_this_machine(const std::string& address) {
    const auto url = http::Url::parse(address);
    if (!url || url->balanced) return false;
    const auto endpoint = runtime::Endpoint::parse(url->host, 0);
    return url->host == "localhost" || (endpoint && endpoint->is_loopback());
}

}  // namespace

struct Reporter::Impl {
    Impl(Means given, ReporterConfig settings)
        : means(std::move(given)),
          config(std::move(settings)),
          limits{
              .max_size = config.message_max_bytes,
              .compress = config.compression.enabled.value_or(!is_on_this_machine(config.address())),
              .compress_from = config.compression.min_size
          },
          client(means.runtime, client_config(config)),
          pace(config.message_timeout) {}

    Task<> work();
    Task<> wait_for_spans();
    Task<> encode();
    Task<std::optional<bool>> fill();
    Task<std::optional<Message>> finish();
    Task<> send();
    Task<> deliver(Message message);
    Task<Attempt> attempt(const Message& message, unsigned number);
    void give_up(const Message& message, const std::string& cause);
    void tell(const Delivery::Verdict& verdict, const Attempt& attempt);

    void heard() {
        pace.heard(runtime::EventLoop::current().now(), shared->queue.enough());
        wake.notify_all();
    }

    [[nodiscard]] bool is_due() const { return pace.due() && now() >= *pace.due(); }

    [[nodiscard]] TimePoint now() const { return means.runtime.clock().now(); }

    Means means;
    const ReporterConfig config;
    const MessageLimits limits;
    std::shared_ptr<Shared> shared;
    http::Client client;

    // On the reporter's loop.
    Pace pace;
    Delivery delivery;
    std::shared_ptr<const Encoder> encoder;
    std::shared_ptr<Draft> draft;
    std::shared_ptr<Batch> batch = std::make_shared<Batch>();
    std::optional<runtime::TaskScope> scope;
    runtime::Signal wake;
    bool stopping = false;
};

Task<> Reporter::Impl::work() {
    while (!stopping || shared->queue.size() > 0) {
        co_await wait_for_spans();
        const bool due = stopping || is_due();
        if (due) pace.taken();
        co_await encode();
        if (due && !draft->empty()) co_await send();
    }
}

/// Until there are some to encode, or what there is has waited long enough for company, or the end has come.
Task<> Reporter::Impl::wait_for_spans() {
    while (!stopping && !is_due() && !shared->queue.handful()) {
        const auto due = pace.due();
        const Deadline until = due ? Deadline(*due) : Deadline();
        co_await wake.wait(until);
    }
}

/// Adds all that is queued to the draft, and sends it each time it is full.
Task<> Reporter::Impl::encode() {
    batch->clear();
    shared->queue.take(batch->spans);
    while (!batch->empty()) {
        const std::optional<bool> full = co_await fill();
        if (!full) co_await runtime::sleep_for(pool_pause);
        if (full.value_or(false)) co_await send();
    }
}

/// Whether the draft is full then. Nothing when the pool has no room for it now.
Task<std::optional<bool>> Reporter::Impl::fill() {
    if (batch->spans.size() - batch->next <= spans_at_once) co_return draft->fill(*batch);
    // It keeps all that it uses: a call that is cancelled here goes on there.
    auto work = [draft = draft, batch = batch] { return draft->fill(*batch); };
    auto full = co_await means.runtime.blocking(std::move(work));
    if (!full) co_return std::nullopt;
    co_return std::optional<bool>(*full);
}

/// As above. To compress takes long enough to hold up the loop.
Task<std::optional<Message>> Reporter::Impl::finish() {
    if (!draft->will_compress()) co_return draft->finish();
    auto work = [draft = draft] { return draft->finish(); };
    auto message = co_await means.runtime.blocking(std::move(work));
    if (!message) co_return std::nullopt;
    co_return std::optional<Message>(*std::move(message));
}

Task<> Reporter::Impl::send() {
    std::optional<Message> finished = co_await finish();
    while (!finished) {
        co_await runtime::sleep_for(pool_pause);
        finished = co_await finish();
    }
    Message message = *std::move(finished);
    add(shared->counts.span_bytes, message.span_bytes);
    if (message.oversized > 0) {
        add(shared->counts.spans_dropped, message.oversized);
        means.log.debug("{} spans are longer than a message may be", message.oversized);
    }
    const tracing::SpanQueue::Room room = message.room;
    if (message.spans > 0) co_await deliver(std::move(message));
    shared->queue.release(room);
}

Task<> Reporter::Impl::deliver(Message message) {
    for (unsigned number = 1;; ++number) {
        const Attempt outcome = co_await attempt(message, number);
        const Delivery::Verdict verdict = delivery.judge(outcome, Random::of_thread());
        switch (verdict.step) {
            case Delivery::Step::sent:
                add(shared->counts.messages, 1);
                add(shared->counts.message_bytes, message.body.size());
                tell(verdict, outcome);
                co_return;
            case Delivery::Step::give_up:
                give_up(message, verdict.cause);
                tell(verdict, outcome);
                co_return;
            case Delivery::Step::retry:
                co_await runtime::sleep_for(verdict.pause);
        }
    }
}

Task<Attempt> Reporter::Impl::attempt(const Message& message, unsigned number) {
    Attempt outcome{.number = number};
    std::string url = config.address();
    if (means.locate) {
        auto found = co_await means.locate();
        if (!found) {
            outcome.error = found.error();
            co_return outcome;
        }
        url = *std::move(found);
    }
    auto request = http::ClientRequest::post(url);
    // The trace server need not trace how it is told of traces.
    request.header("b3", "0");
    if (message.gzipped) request.header("Content-Encoding", "gzip");
    request.body(message.body, encoder->content_type());
    const auto answer = co_await client.send(std::move(request));
    // The end has come while it was under way: nobody judges it any more.
    if (!answer && answer.error().code() == Errc::cancelled) runtime::throw_cancelled();
    if (answer) {
        outcome.status = answer->status();
        outcome.retry_after = parse_retry_after(answer->header("Retry-After"));
    } else {
        outcome.error = answer.error();
    }
    co_return outcome;
}

void Reporter::Impl::give_up(const Message& message, const std::string& cause) {
    add(shared->counts.messages, 1);
    add(shared->counts.message_bytes, message.body.size());
    add(shared->counts.messages_dropped, 1);
    add(shared->counts.spans_dropped, message.spans);
    if (means.meters)
        means.meters
            ->counter("zipkin.reporter.messages.dropped", {{"cause", cause}}, {"Messages that were given up"})
            .increment();
}

void Reporter::Impl::tell(const Delivery::Verdict& verdict, const Attempt& attempt) {
    const auto why = [&] {
        return attempt.error ? attempt.error->message()
                             : fmt::format("POST {}: answered {}", config.address(), attempt.status);
    };
    const std::uint64_t dropped = shared->queue.dropped() + shared->counts.spans_dropped.load();
    switch (verdict.tell) {
        case Delivery::Tell::nothing:
            return;
        case Delivery::Tell::warning:
            means.log.warn("spans are not reported: {}; {} dropped so far", why(), dropped);
            return;
        case Delivery::Tell::debug:
            means.log.debug("spans are not reported: {}; {} dropped so far", why(), dropped);
            return;
        case Delivery::Tell::recovery:
            means.log.info("spans are reported again; {} messages were lost", verdict.messages_lost);
    }
}

Reporter::Reporter(Means means, ReporterConfig config)
    : impl_(std::make_shared<Impl>(std::move(means), std::move(config))) {
    runtime::EventLoop& home = impl_->means.runtime.loop(0);
    auto bell = [&home, ear = std::weak_ptr(impl_)] {
        home.post([ear] {
            if (const auto impl = ear.lock()) impl->heard();
        });
    };
    impl_->shared = std::make_shared<Shared>(impl_->config, std::move(bell));
    if (impl_->means.meters) bind_meters(*impl_->means.meters, impl_->shared);
}

Reporter::~Reporter() {
    impl_->shared->queue.close();
    FLT_ASSERT(!impl_->scope);
}

std::shared_ptr<tracing::SpanSink> Reporter::sink() const {
    return {impl_->shared, &impl_->shared->queue};
}

void Reporter::start(const LocalEndpoint& local) {
    runtime::EventLoop& home = impl_->means.runtime.loop(0);
    FLT_ASSERT(home.on_this_thread());
    impl_->encoder = std::make_shared<const Encoder>(impl_->config.encoding, local);
    impl_->draft = std::make_shared<Draft>(impl_->encoder, impl_->limits);
    impl_->scope.emplace(home);
    // What finished before is not rung for again.
    if (impl_->shared->queue.size() > 0) impl_->heard();
    impl_->scope->spawn("span-reporter", impl_->work());
}

Task<> Reporter::stop(Deadline deadline) {
    ReportQueue& queue = impl_->shared->queue;
    queue.close();
    impl_->stopping = true;
    impl_->wake.notify_all();
    if (impl_->scope) {
        const Deadline end = Deadline::after(impl_->now(), impl_->config.close_timeout).or_sooner(deadline);
        co_await impl_->scope->drain(end);
        impl_->scope.reset();
    }
    // What is still queued, or was under way.
    if (const std::size_t left = queue.size(); left > 0) {
        const tracing::SpanQueue::Room room{left, queue.bytes()};
        std::vector<SpanPtr> rest;
        queue.take(rest);
        queue.release(room);
        add(impl_->shared->counts.spans_dropped, left);
        impl_->means.log.warn("{} spans were not reported in time", left);
    }
}

ReporterStats Reporter::stats() const {
    const Shared& shared = *impl_->shared;
    const Counts& counts = shared.counts;
    return {
        .spans = shared.queue.offered(),
        .spans_dropped = shared.queue.dropped() + counts.spans_dropped.load(),
        .span_bytes = counts.span_bytes.load(),
        .messages = counts.messages.load(),
        .messages_dropped = counts.messages_dropped.load(),
        .message_bytes = counts.message_bytes.load(),
        .queued_spans = shared.queue.size(),
        .queued_bytes = shared.queue.bytes()
    };
}

}  // namespace flotilla::zipkin
