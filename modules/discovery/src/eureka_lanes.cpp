// How a Eureka client reads, listens and writes, each by itself.

#include <algorithm>
#include <utility>
#include <vector>

#include "eureka_client_impl.hpp"
#include "flotilla/discovery/error.hpp"
#include "flotilla/http/percent.hpp"

namespace flotilla::discovery {

namespace {

/// Between two attempts to listen.
constexpr Duration first_pause = std::chrono::milliseconds(500);
constexpr Duration longest_pause = std::chrono::seconds(30);
/// A registry that pushes says now and then that there is nothing to say.
constexpr std::chrono::milliseconds longest_silence = std::chrono::seconds(65);

}  // namespace

Task<> EurekaClient::Impl::wait_for(runtime::Signal& word, TimePoint due) {
    // The end of time is a deadline that never comes.
    const Deadline deadline(due);
    (void)co_await word.wait(deadline);
}

Task<int> EurekaClient::Impl::live(runtime::TaskScope& scope) {
    if (reader) scope.spawn("eureka-read", read());
    if (reader && config.push) scope.spawn("eureka-listen", listen());
    if (config.register_with_eureka) scope.spawn("eureka-write", write());
    co_return static_cast<int>(co_await scope.drain(Deadline()));
}

// Reading.

Task<> EurekaClient::Impl::read() {
    for (;;) {
        if (const auto what = reader->begin(now())) {
            co_await read_once(*what);
        } else {
            co_await wait_for(reader_word, reader->due());
        }
    }
}

Task<> EurekaClient::Impl::read_once(Fetch what) {
    EurekaAnswer answer = co_await reads.perform(fetch_call(what, config.fetch_remote_regions_registry));
    if (!answer.done()) {
        reads_failed = true;
        if (informed) {
            healthy_report = false;
            const std::lock_guard lock(report_mutex);
            report.status = "UP";
            report.description =
                "Eureka discovery client is reporting failures to connect to a Eureka server";
        }
        reader->failed(answer.timed_out ? FetchFailure::timed_out : FetchFailure::refused, now());
        co_return;
    }
    if (std::exchange(reads_failed, false)) look_again();
    if (!answer.push.empty() && !config.fetch_remote_regions_registry.empty())
        answer.push += "?regions=" + http::percent_encode(config.fetch_remote_regions_registry);
    if (push_url != answer.push) {
        push_url = answer.push;
        push_word.notify_all();
    }
    if (!answer.applications) {
        if (what == Fetch::delta) {
            reader->delta_refused(now());
        } else {
            reader->failed(FetchFailure::refused, now());
        }
        co_return;
    }
    if (what == Fetch::full) {
        reader->full_arrived(*std::move(answer.applications), now());
        if (!informed.exchange(true)) {
            means.log.info(
                "read {} instances from {}", reader->copy().applications().instance_count(), answer.registry
            );
        }
    } else {
        reader->delta_arrived(*answer.applications, now());
    }
    publish();
}

void EurekaClient::Impl::publish() {
    const EurekaCopy::Changes changes = reader->take_changes();
    if (changes.everything) {
        directory.publish_all(reader->copy().groups());
    } else {
        for (const std::string& name : changes.names)
            directory.publish(name, reader->copy().instances_of(name));
    }
    const bool changed = changes.everything || !changes.names.empty();
    if (changed && copy_listener) copy_listener(reader->copy().applications());
    if (!changed && healthy_report) return;
    RegistryReport now_known{"UNKNOWN", "Remote status from Eureka server", {}};
    const eureka::Applications& all = reader->copy().applications();
    for (const auto& [name, application] : all.by_name) {
        now_known.applications.emplace_back(name, application.instances.size());
    }
    if (!registrar) {
        now_known.status = "UP";
    } else if (const auto* ours = all.find(registrar->self().app)) {
        if (const auto* self = ours->find(registrar->self().id()))
            now_known.status = eureka::to_text(self->status);
    }
    {
        const std::lock_guard lock(report_mutex);
        report = std::move(now_known);
        healthy_report = true;
    }
}

/// A registry that was away may have forgotten us.
void EurekaClient::Impl::look_again() {
    if (!registrar) return;
    registrar->hurry(now());
    writer_word.notify_all();
}

// Listening, where the registry tells changes by itself.

Task<> EurekaClient::Impl::listen() {
    http::SseParser parser(client.config().max_response_size.count);
    std::string listened;
    Duration pause = first_pause;
    for (;;) {
        while (push_url.empty()) co_await push_word.wait();
        if (std::exchange(listened, push_url) != push_url)
            parser = http::SseParser(client.config().max_response_size.count);
        const std::string url = push_url;
        const TimePoint began = now();
        const auto ended = co_await follow(parser, url);
        if (!ended) means.log.debug("changes from {}: {}", shown_url(url), ended.error().message());
        // Until it is back, intervals count again.
        reader->hurry(now());
        reader_word.notify_all();
        look_again();
        pause = now() - began > longest_pause ? first_pause : std::min(pause * 2, longest_pause);
        co_await runtime::sleep_for(pause);
    }
}

Task<Result<void>> EurekaClient::Impl::follow(http::SseParser& parser, const std::string& url) {
    auto request = http::ClientRequest::get(url);
    request.header("Accept", "application/json, text/event-stream")
        .timeout(std::chrono::milliseconds(0))
        .idle_timeout(longest_silence);
    if (!parser.last_event_id().empty()) request.header("Last-Event-ID", parser.last_event_id());
    auto stream = co_await client.open(std::move(request));
    if (!stream) co_return fail(stream.error());
    if (stream->status() != 200)
        co_return fail(DiscoveryErrc::refused, "status " + std::to_string(stream->status()));
    for (;;) {
        const auto piece = co_await stream->read();
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) co_return Result<void>();
        std::vector<http::SseMessage> messages;
        FLT_CO_CHECK(parser.feed(*piece, [&](const http::SseMessage& message) {
            messages.push_back(message);
        }));
        for (http::SseMessage& message : messages) co_await take(std::move(message));
    }
}

Task<> EurekaClient::Impl::take(http::SseMessage message) {
    auto document = co_await reads.decode(std::move(message.data));
    if (!document) {
        means.log.warn("a change that was pushed: {}", document.error().message());
        reader->hurry(now());
        reader_word.notify_all();
        co_return;
    }
    if (message.event == "full") {
        reader->pushed_full(*std::move(document), now());
    } else {
        reader->pushed_delta(*document, now());
    }
    reader_word.notify_all();
    publish();
}

// Writing.

Task<> EurekaClient::Impl::write() {
    while (!registrar) co_await wait_for(writer_word, TimePoint::max());
    while (!registrar->gone()) {
        if (auto what = registrar->begin(now())) {
            co_await write_once(*std::move(what));
            registered = registrar->registered();
            written.notify_all();
        } else {
            co_await wait_for(writer_word, registrar->due());
        }
    }
    registered = false;
    written.notify_all();
}

Task<> EurekaClient::Impl::write_once(Announcement what) {
    const EurekaAnswer answer = co_await writes.perform(announcement_call(what));
    const bool was_registered = registrar->registered();
    if (!answer.done()) {
        registrar->failed(what, answer.timed_out, now());
        co_return;
    }
    registrar->answered(what, answer.status, now(), wall_now());
    const std::string who = what.instance.app + "/" + std::string(what.instance.id());
    if (!was_registered && registrar->registered()) {
        means.log.info("registered {} at {}", who, answer.registry);
    } else if (what.kind == Announcement::Kind::heartbeat && answer.status == 404) {
        means.log.info("{} does not know {}: registers again", answer.registry, who);
    } else if (what.kind == Announcement::Kind::cancel) {
        means.log.info("deregistered {} at {}", who, answer.registry);
    }
}

}  // namespace flotilla::discovery
