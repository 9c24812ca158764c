// How a stream of HTTP/2 answers.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>
#include <stdexcept>

#include "flotilla/http/event_stream.hpp"
#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/websocket_handshake.hpp"
#include "http2_session.hpp"
#include "http2_stream.hpp"

namespace flotilla::http {

Http2Piece Http2Stream::pull(std::span<char> into) {
    const std::size_t first = std::min(into.size(), out_.size() - out_at_);
    std::memcpy(into.data(), out_.data() + out_at_, first);
    out_at_ += first;
    if (out_at_ == out_.size()) {
        out_.clear();
        out_at_ = 0;
    }
    const std::size_t second = std::min(into.size() - first, through_.size());
    if (second > 0) std::memcpy(into.data() + first, through_.data(), second);
    through_.remove_prefix(second);
    sent_ += first + second;
    pulled_ = answer_ended_ && waiting() == 0;
    return {.size = first + second, .last = pulled_, .trailers = trailers_out_};
}

Task<bool> Http2Stream::taken(std::size_t left) {
    const Deadline latest = latest_end(config_, waiting(), now());
    for (;;) {
        if (closed_) co_return pulled_;
        if (waiting() <= left && (!answer_ended_ || pulled_)) co_return true;
        const std::uint64_t before = sent_;
        const Deadline patience = Deadline::after(now(), config_.write_timeout).or_sooner(latest);
        const runtime::Wake wake = co_await left_.wait(patience);
        if (wake == runtime::Wake::timed_out && (sent_ == before || latest.passed(now()))) {
            lost_patience_ = true;
            give_up(Http2Error::cancel);
            co_return false;
        }
    }
}

void Http2Stream::commit() {
    if (answer_ == Answer::committed) return;
    answer_ = Answer::committed;
    session_.answering(response_);
    const int status = code_of(response_.status());
    std::string fields(response_.headers().text());
    if (!response_.brings_date()) fields += shard_.date_field();
    if (!config_.server_header.empty()) (void)append_field(fields, "Server", config_.server_header);
    if (length_ && !never_has_body(status)) append_number_field(fields, "Content-Length", *length_);
    const bool nothing_left = answer_ended_ && waiting() == 0 && trailers_out_.empty();
    const bool body = has_body() && !nothing_left;
    pulled_ = !body;
    session_.codec().respond(id_, status, fields, body);
}

void Http2Stream::answer_text() {
    compress_if_worthwhile();
    const std::string_view text = *response_.text();
    begin(text.size());
    if (has_body()) through_ = text;  // the response lives as long as this
    answer_ended_ = true;
}

Task<> Http2Stream::answer() {
    std::exception_ptr failure;
    try {
        const auto produced = co_await produce_body();
        if (!produced && !closed_)
            failure = std::make_exception_ptr(std::runtime_error(produced.error().message()));
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) std::rethrow_exception(failure);
    if (const bool untold = answer_ == Answer::none || take_back(); untold) {
        answer_exception(failure);
        answer_text();
    } else {
        note_cut_off(failure);
        cut();
    }
}

Task<Result<void>> Http2Stream::produce_body() {
    if (std::holds_alternative<WebSocketUpgrade>(response_.body())) {
        // A request that asks for it in the way of HTTP/1.1 is malformed here; this one does not ask.
        const auto offer = check_websocket_request(request_.head());
        if (!offer) answer_no_websocket(offer.error());
    }
    if (response_.text()) {
        answer_text();
        co_return Result<void>();
    }
    if (const auto* file = std::get_if<FileBody>(&response_.body())) {
        begin(file->size);
        if (has_body()) FLT_CO_CHECK(co_await send_file(*file));
    } else if (const auto* stream = std::get_if<StreamBody>(&response_.body())) {
        begin(stream->length);
        producing_ = true;
        if (has_body()) co_await stream->produce(*this);
    } else if (const auto* events = std::get_if<EventsBody>(&response_.body())) {
        begin(std::nullopt);
        if (has_body()) {
            EventStream to(*this);
            FLT_CO_CHECK(co_await flush());
            co_await events->produce(to);
        }
    }
    if (closed_) co_return fail(Errc::closed);
    if (answer_left_.value_or(0) != 0) co_return fail(Errc::internal, "the body is shorter than announced");
    answer_ended_ = true;
    co_return Result<void>();
}

Task<Result<void>> Http2Stream::send_file(const FileBody& file) {
    std::array<char, 16 * 1024> block;
    for (std::size_t sent = 0; sent < file.size;) {
        const std::size_t wanted = std::min(block.size(), file.size - sent);
        const ssize_t got =
            ::pread(*file.descriptor, block.data(), wanted, file.offset + static_cast<off_t>(sent));
        if (got <= 0) co_return fail(Errc::io, "the file ended before its announced length");
        const std::string_view piece(block.data(), static_cast<std::size_t>(got));
        FLT_CO_CHECK(co_await write_through(piece));
        sent += piece.size();
    }
    co_return Result<void>();
}

Result<void> Http2Stream::count(std::size_t bytes) {
    if (closed_) return fail(Errc::closed, "the client went away");
    if (!answer_left_) return {};
    if (bytes > *answer_left_) return fail(Errc::internal, "the body is longer than announced");
    *answer_left_ -= bytes;
    return {};
}

Task<Result<void>> Http2Stream::write(std::string_view bytes) {
    FLT_CO_CHECK(count(bytes.size()));
    out_ += bytes;
    if (out_.size() - out_at_ < output_limit) co_return Result<void>();
    co_return co_await flush();
}

Task<Result<void>> Http2Stream::write_through(std::string_view bytes) {
    FLT_CO_CHECK(count(bytes.size()));

    struct Forget {
        std::string_view& view;

        ~Forget() { view = {}; }
    };

    const Forget forget{through_};  // whatever happens, the bytes are the caller's again
    through_ = bytes;
    co_return co_await flush();
}

Task<Result<void>> Http2Stream::flush() {
    if (answer_ != Answer::none) {
        commit();
        session_.codec().resume(id_);
    }
    session_.send_now();
    if (answer_ == Answer::none) co_return Result<void>();
    const bool all = waiting() == 0 || co_await taken(0);
    if (!all) co_return fail(Errc::closed, "the client went away");
    co_return Result<void>();
}

void Http2Stream::trailer(std::string_view name, std::string_view value) {
    (void)append_field(trailers_out_, name, value);
}

void Http2Stream::interim(int status, std::string_view fields) {
    if (answer_ != Answer::committed && !closed_) session_.codec().interim(id_, status, fields);
}

void Http2Stream::begin(std::optional<std::uint64_t> length) {
    FLT_ASSERT(answer_ == Answer::none);
    answer_ = Answer::begun;
    length_ = length;
    answer_left_ = has_body() ? length : std::optional<std::uint64_t>(0);
}

void Http2Stream::end() {
    FLT_ASSERT(answer_ != Answer::none && !answer_ended_);
    if (answer_left_.value_or(0) != 0) return cut();
    answer_ended_ = true;
}

bool Http2Stream::take_back() {
    if (answer_ != Answer::begun || answer_ended_ || closed_) return false;
    out_.clear();
    out_at_ = 0;
    trailers_out_.clear();
    answer_ = Answer::none;
    return true;
}

void Http2Stream::cut() noexcept {
    answer_ended_ = true;
    if (!closed_) give_up(Http2Error::internal);
}

}  // namespace flotilla::http
