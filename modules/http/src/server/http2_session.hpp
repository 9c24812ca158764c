#pragma once
// One HTTP/2 connection of a server: reads frames, gives each request a task, writes what they answer.
//
// Nothing runs inside the codec's callbacks: they note what has happened, and streams are started, resumed
// and cancelled when the codec has returned. One task writes; who has something to send says so, and what all
// streams have to say in one round of the loop leaves together.

#include <memory>
#include <unordered_map>
#include <vector>

#include "flotilla/http/input_buffer.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "http2_codec.hpp"
#include "http2_stream.hpp"
#include "shard.hpp"

namespace flotilla::http {

class Http2Session final : private Http2Events {
public:
    /// `stream` has been agreed to speak HTTP/2; `in` holds what has been read of it already.
    Http2Session(Shard& shard, runtime::Stream& stream, InputBuffer in);
    ~Http2Session();
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;

    /// Until the connection has ended.
    Task<> run();

    /// At shutdown: no further requests; ends when those that are here have been answered.
    void drain();

    [[nodiscard]] Shard& shard() noexcept { return shard_; }

    [[nodiscard]] runtime::Stream& stream() noexcept { return stream_; }

    // For streams.
    [[nodiscard]] Http2Codec& codec() noexcept { return codec_; }

    /// There is something to send, with what else comes up in this round.
    void send_soon();
    /// The same at once, unless input is being worked on: then at its end.
    void send_now();
    /// An answer begins.
    void answering(const Response& response);
    /// The bodies that are held in memory grow by so much, until their streams end; false when it is too much
    /// for one connection.
    bool hold(std::size_t bytes) noexcept;

private:
    void on_request(std::int32_t id, std::string head, bool ended) override;
    void on_body(std::int32_t id, std::string_view bytes) override;
    void on_end(std::int32_t id, std::string trailers) override;
    void on_closed(std::int32_t id) override;
    void on_rejected(const Reject& reject) override;
    Http2Piece pull(std::int32_t id, std::span<char> into) override;

    Task<> read_frames();
    bool receive();
    Task<> write_frames();
    void pump();
    void write_some();
    void settle();
    Task<> serve(std::int32_t id, runtime::TaskCancel cancel);
    void left(std::int32_t id) noexcept;
    void abandon_all();
    Task<> say_goodbye();

    [[nodiscard]] Http2Stream* find(std::int32_t id) noexcept;
    [[nodiscard]] bool over() const noexcept;
    [[nodiscard]] Deadline patience() const;

    Shard& shard_;
    const ServerConfig& config_;
    runtime::Stream& stream_;
    InputBuffer in_;
    Http2Codec codec_;
    runtime::TaskScope scope_;
    std::unordered_map<std::int32_t, std::unique_ptr<Http2Stream>> streams_;

    // What the codec's callbacks have noted.
    std::vector<std::int32_t> fresh_;
    std::vector<std::int32_t> stirred_;
    std::vector<std::int32_t> gone_;

    std::string out_;
    std::size_t out_at_ = 0;
    Deadline write_end_;  // of what is in out_, once the client is slow to take it
    runtime::Signal output_;
    bool output_wanted_ = false;
    bool working_ = false;  // on input, or on output: `pump` must not begin
    bool again_ = false;
    bool blocked_ = false;  // the kernel's buffer is full
    bool lost_ = false;     // the connection is of no more use

    std::size_t held_ = 0;
    std::size_t requests_ = 0;
    bool draining_ = false;
    bool noticed_ = false;
    TimePoint started_;
    TimePoint idle_since_;
};

}  // namespace flotilla::http
