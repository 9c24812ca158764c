#include "shard.hpp"

#include "session.hpp"

namespace flotilla::http {

Shard::Shard(ServerShared& all, runtime::EventLoop& loop, runtime::Listener listener)
    : shared(all),
      loop_(loop),
      listener_(std::move(listener)),
      scope_(loop, [this](const std::string& task, const std::exception_ptr& failure) {
          note_failure(task, failure);
      }) {}

Shard::~Shard() = default;

void Shard::start() {
    scope_.spawn("http-accept", accept_connections());
}

Task<> Shard::accept_connections() {
    while (!shared.stopping) {
        auto stream = co_await listener_->accept();
        if (!stream) break;  // the listener was cancelled
        admit(std::move(*stream));
        // Beyond the limit connections wait in the kernel's queue.
        while (!shared.stopping && sessions_.size() >= shared.config.max_connections) co_await room_.wait();
    }
    accepting_ = false;
}

void Shard::admit(runtime::Stream stream) {
    Counters::bump(counters.accepted);
    scope_.spawn("http-connection", [&](runtime::TaskCancel cancel) {
        return serve(std::move(stream), cancel);
    });
}

Task<> Shard::serve(runtime::Stream stream, runtime::TaskCancel cancel) {
    Session session(*this, std::move(stream), cancel);
    const auto place = sessions_.insert(sessions_.end(), &session);
    counters.connections.store(sessions_.size(), std::memory_order_relaxed);

    struct Leave {
        Shard& shard;
        std::list<Session*>::iterator place;

        ~Leave() {
            const Session& session = **place;
            if (session.in_exchange()) {
                Counters::bump(shard.counters.active, static_cast<std::size_t>(-1));
                if (!session.abandoned()) ++shard.cut_;
            }
            shard.sessions_.erase(place);
            shard.counters.connections.store(shard.sessions_.size(), std::memory_order_relaxed);
            shard.room_.notify_one();
        }
    };

    const Leave leave{*this, place};
    co_await session.run();
}

void Shard::stop_accepting() {
    cut_ = 0;
    if (listener_) {
        // Closing the listener would reset those who have connected but were not accepted yet.
        for (;;) {
            auto waiting = listener_->try_accept();
            if (!waiting || !*waiting) break;
            admit(std::move(**waiting));
        }
        listener_->cancel();
    }
    room_.notify_all();
    if (!accepting_) listener_.reset();  // from now on the kernel refuses
    for (Session* session : std::list<Session*>(sessions_)) session->close_if_idle();
}

Task<std::size_t> Shard::drain(Deadline deadline) {
    co_await scope_.drain(deadline);
    listener_.reset();
    co_return cut_;
}

std::string_view Shard::date_field() {
    const auto second = std::chrono::floor<std::chrono::seconds>(loop_.clock().wall_now());
    if (second.time_since_epoch().count() != date_second_) {
        date_second_ = second.time_since_epoch().count();
        date_ = "Date: ";
        date_ += HttpDate(second).text();
        date_ += "\r\n";
    }
    return date_;
}

void Shard::note_failure(const std::string& task, const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        shared.telemetry.log.error("{} ended by an exception: {}", task, error.what());
    } catch (...) {
        shared.telemetry.log.error("{} ended by an exception", task);
    }
}

void Shard::note_rejected(const runtime::Endpoint& peer, const Reject& reject) {
    Counters::bump(counters.rejected);
    if (auto* meters = shared.telemetry.meters)
        meters->counter("flotilla.http.rejected", {{"rule", std::string(reject.rule)}}).increment();
    shared.telemetry.log.debug("{} sent a malformed message: {} ({})", peer.text(), reject.why, reject.rule);
}

void Shard::add_to(ServerStats& stats) const noexcept {
    stats.accepted += counters.accepted.load(std::memory_order_relaxed);
    stats.requests += counters.requests.load(std::memory_order_relaxed);
    stats.rejected += counters.rejected.load(std::memory_order_relaxed);
    stats.connections += counters.connections.load(std::memory_order_relaxed);
    stats.active_requests += counters.active.load(std::memory_order_relaxed);
}

}  // namespace flotilla::http
