#include "http2_session.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

constexpr Duration linger_time = 2s;
constexpr std::size_t output_limit = 64 * 1024;
/// Bodies that one connection may have in memory, when a single one may not have more.
constexpr std::size_t held_limit = 16 * 1024 * 1024;

Http2Codec::Options codec_options(const ServerConfig& config) {
    return {
        .max_concurrent_streams = config.http2.max_concurrent_streams,
        .max_header_list = static_cast<std::uint32_t>(config.max_http_request_header_size.count)
    };
}

}  // namespace

Http2Session::Http2Session(Shard& shard, runtime::Stream& stream, InputBuffer in)
    : shard_(shard),
      config_(shard.shared.config),
      stream_(stream),
      in_(std::move(in)),
      codec_(codec_options(config_), *this),
      scope_(
          shard.loop(),
          [&shard](const std::string& task, const std::exception_ptr& failure) {
              shard.note_failure(task, failure);
          }
      ),
      started_(shard.loop().now()),
      idle_since_(started_) {}

Http2Session::~Http2Session() = default;

Task<> Http2Session::run() {
    std::exception_ptr failure;
    scope_.spawn("http2-writer", write_frames());
    try {
        co_await read_frames();
    } catch (...) {
        failure = std::current_exception();
    }
    // A connection that is cut off at a shutdown leaves requests unanswered; one that has ended leaves none.
    if (!failure) abandon_all();
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await scope_.stop();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (failure) std::rethrow_exception(failure);
    co_await say_goodbye();
}

Task<> Http2Session::say_goodbye() {
    if (lost_) co_return;
    if (codec_.failed()) out_ += codec_.goodbye();
    stream_.begin_turn();
    blocked_ = false;
    write_some();
    if (lost_) co_return;
    if (codec_.failed()) {
        // What the client still sends must not destroy the GOAWAY that tells it why.
        co_await stream_.close(Deadline::after(shard_.loop().now(), linger_time));
    } else {
        stream_.shutdown_write();
    }
}

Deadline Http2Session::patience() const {
    if (const auto since = codec_.header_since()) return Deadline::after(*since, config_.header_timeout);
    if (!codec_.greeted()) return Deadline::after(started_, config_.header_timeout);
    const TimePoint since = streams_.empty() ? idle_since_ : shard_.loop().now();
    return Deadline::after(since, config_.keep_alive_timeout);
}

Task<> Http2Session::read_frames() {
    if (!in_.empty() && !receive()) co_return;
    pump();  // our settings
    std::size_t seen = requests_;
    for (;;) {
        if (lost_ || codec_.failed() || over()) co_return;
        const auto [room, size] = in_.room();
        const runtime::Io io = stream_.try_read(room, size);
        if (io.status == runtime::IoStatus::done) {
            in_.added(io.bytes);
            if (!receive()) co_return;
            if (requests_ - seen < most_in_a_row) continue;
            // Others of this loop have requests, too.
            co_await runtime::yield();
            seen = requests_;
            continue;
        }
        seen = requests_;
        if (io.status != runtime::IoStatus::would_block) {
            lost_ = true;
            co_return;
        }
        in_.release();
        if (shard_.shared.stopping && !draining_) {
            drain();
            continue;
        }
        const Deadline deadline = patience();
        const runtime::Wake wake = co_await stream_.ready(deadline);
        if (wake != runtime::Wake::timed_out || !patience().passed(shard_.loop().now())) continue;
        if (codec_.header_since() || !codec_.greeted()) {
            on_rejected(header_timeout);
            codec_.go_away(Http2Error::enhance_your_calm);
        } else {
            codec_.go_away();
        }
        pump();
        co_return;
    }
}

bool Http2Session::receive() {
    working_ = true;
    const bool fine = codec_.receive(in_.view(), shard_.loop().now());
    in_.consume(in_.view().size());
    if (fine) settle();
    working_ = false;
    pump();
    return fine;
}

void Http2Session::settle() {
    // Whoever is resumed may note more.
    while (!fresh_.empty() || !gone_.empty() || !stirred_.empty()) {
        for (const std::int32_t id : std::exchange(gone_, {})) {
            if (Http2Stream* stream = find(id); stream && !stream->complete()) stream->abandon();
        }
        for (const std::int32_t id : std::exchange(fresh_, {})) {
            const Http2Stream* stream = find(id);
            if (stream && stream->closed()) {
                left(id);  // reset at once: nobody will know that it was there
            } else if (stream) {
                scope_.spawn("http2-stream", [this, id](runtime::TaskCancel cancel) {
                    return serve(id, cancel);
                });
            }
        }
        for (const std::int32_t id : std::exchange(stirred_, {})) {
            // Each may end the stream.
            if (Http2Stream* stream = find(id)) stream->wake_reader();
            if (Http2Stream* stream = find(id)) stream->wake_writer();
        }
    }
}

Task<> Http2Session::serve(std::int32_t id, runtime::TaskCancel cancel) {
    struct Leave {
        Http2Session& session;
        std::int32_t id;

        ~Leave() { session.left(id); }
    };

    const Leave leave{*this, id};
    co_await find(id)->serve(cancel);
}

void Http2Session::left(std::int32_t id) noexcept {
    const auto at = streams_.find(id);
    const Http2Stream& stream = *at->second;
    if (stream.in_exchange()) {
        Shard::Counters::bump(shard_.counters.active, static_cast<std::size_t>(-1));
        if (!stream.abandoned()) ++shard_.cut_;
    }
    codec_.consume(id, stream.unread());
    held_ -= stream.held();
    if (!stream.closed()) {
        // An answer that came before the end of its request: the rest is not wanted.
        if (!stream.complete())
            codec_.reset(id, Http2Error::internal);
        else if (!stream.request_ended())
            codec_.reset(id, Http2Error::none);
    }
    streams_.erase(at);
    if (streams_.empty()) idle_since_ = shard_.loop().now();
    if (config_.max_keep_alive_requests && requests_ >= config_.max_keep_alive_requests) drain();
    send_soon();
}

Http2Stream* Http2Session::find(std::int32_t id) noexcept {
    const auto at = streams_.find(id);
    return at == streams_.end() ? nullptr : at->second.get();
}

void Http2Session::on_request(std::int32_t id, std::string head, bool ended) {
    // Streams that were reset may take a while to end: they count as well.
    if (streams_.size() >= 2 * std::size_t{config_.http2.max_concurrent_streams})
        return codec_.reset(id, Http2Error::refused_stream);
    ++requests_;
    streams_.emplace(id, std::make_unique<Http2Stream>(*this, id, std::move(head), ended));
    fresh_.push_back(id);
}

void Http2Session::on_body(std::int32_t id, std::string_view bytes) {
    Http2Stream* stream = find(id);
    if (!stream || stream->complete()) return codec_.consume(id, bytes.size());
    stream->on_body(bytes);
    stirred_.push_back(id);
}

void Http2Session::on_end(std::int32_t id, std::string trailers) {
    Http2Stream* stream = find(id);
    if (!stream) return;
    if (!stream->on_end(trailers)) return codec_.reset(id, Http2Error::protocol);
    stirred_.push_back(id);
}

void Http2Session::on_closed(std::int32_t id) {
    Http2Stream* stream = find(id);
    if (!stream) return;
    stream->on_closed();
    gone_.push_back(id);
}

void Http2Session::on_rejected(const Reject& reject) {
    shard_.note_rejected(stream_.peer(), reject);
}

Http2Piece Http2Session::pull(std::int32_t id, std::span<char> into) {
    Http2Stream* stream = find(id);
    if (!stream) return {};  // its reset is on the way
    const Http2Piece piece = stream->pull(into);
    if (piece.size > 0 || piece.last) stirred_.push_back(id);
    return piece;
}

void Http2Session::answering(const Response& response) {
    if (response.closes_connection()) {
        drain();
    } else if (!noticed_ && !draining_ && shard_.shared.leaving.load(std::memory_order_relaxed)) {
        noticed_ = true;
        codec_.give_notice();
    }
}

bool Http2Session::hold(std::size_t bytes) noexcept {
    held_ += bytes;
    return held_ <= std::max<std::size_t>(held_limit, config_.max_body_size.count);
}

void Http2Session::drain() {
    if (std::exchange(draining_, true)) return;
    codec_.go_away();
    send_soon();
}

void Http2Session::send_soon() {
    output_wanted_ = true;
    output_.notify_one();
}

void Http2Session::send_now() {
    if (working_)
        again_ = true;
    else
        pump();
}

void Http2Session::pump() {
    if (working_) {
        again_ = true;
        return;
    }
    working_ = true;
    do {
        again_ = false;
        output_wanted_ = false;
        write_some();
        settle();
    } while ((again_ || output_wanted_) && !blocked_ && !lost_);
    working_ = false;
    if (blocked_) output_.notify_one();
    // The reader waits for bytes that may not come any more.
    if (lost_ || codec_.failed() || over()) stream_.cancel();
}

void Http2Session::write_some() {
    while (!blocked_ && !lost_) {
        codec_.produce(out_, output_limit);
        if (out_at_ == out_.size()) break;
        const iovec part{out_.data() + out_at_, out_.size() - out_at_};
        const runtime::Io io = stream_.try_write({&part, 1});
        if (io.status == runtime::IoStatus::done) {
            out_at_ += io.bytes;
            if (out_at_ == out_.size()) {
                out_.clear();
                out_at_ = 0;
                write_end_ = {};
            }
        } else if (io.status == runtime::IoStatus::would_block) {
            blocked_ = true;
            if (write_end_.never()) write_end_ = latest_end(config_, part.iov_len, shard_.loop().now());
        } else {
            lost_ = true;
        }
    }
    if (out_.empty() && streams_.empty()) out_ = std::string();
}

Task<> Http2Session::write_frames() {
    for (;;) {
        while (!output_wanted_ && !blocked_) co_await output_.wait();
        if (blocked_) {
            // Once, and then it is tried again: meanwhile the reader uses the stream as well.
            const std::size_t before = stream_.unacknowledged();
            const Deadline patience = Deadline::after(shard_.loop().now(), config_.write_timeout);
            const runtime::Wake wake = co_await stream_.ready(patience.or_sooner(write_end_));
            blocked_ = false;
            const bool moves = stream_.unacknowledged() < before && !write_end_.passed(shard_.loop().now());
            if (wake != runtime::Wake::ready && !moves) lost_ = true;
        } else {
            co_await runtime::yield();
            // The reader may have met a full socket meanwhile, and used the stream since: it is tried anew.
            blocked_ = false;
        }
        pump();
        if (lost_) co_return;
    }
}

void Http2Session::abandon_all() {
    std::vector<std::int32_t> all;
    all.reserve(streams_.size());
    for (const auto& [id, stream] : streams_) all.push_back(id);
    for (const std::int32_t id : all) {
        if (Http2Stream* stream = find(id)) {
            stream->on_closed();
            stream->abandon();
        }
    }
}

bool Http2Session::over() const noexcept {
    if (!out_.empty()) return false;
    if (codec_.terminated()) return true;  // whatever handlers still do: nobody will be told
    if (!streams_.empty()) return false;
    return draining_ || !codec_.alive();
}

}  // namespace flotilla::http
