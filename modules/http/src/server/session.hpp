#pragma once
// One connection of a server: reads requests, has them answered, writes answers.
//
// The way of a small request has no coroutine of its own: parse, handle, append the answer to the output;
// requests that were sent ahead (pipelining) are answered with one write. What has to wait, a body that is
// still on its way or a handler that suspends, goes through `finish_slowly`.

#include <memory>
#include <optional>
#include <string>

#include "flotilla/http/chunked.hpp"
#include "flotilla/http/event_stream.hpp"
#include "flotilla/http/handler.hpp"
#include "flotilla/http/input_buffer.hpp"
#include "flotilla/http/request_parser.hpp"
#include "flotilla/http/websocket.hpp"
#include "flotilla/runtime/descriptor.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "served_exchange.hpp"

namespace flotilla::http {

class Http2Session;

class Session final : public ServedExchange, private PipeWriter, private runtime::HangUpListener {
public:
    /// `cancel` ends the task that serves this connection.
    Session(Shard& shard, runtime::Stream stream, runtime::TaskCancel cancel);
    ~Session();

    /// Until the connection has ended.
    Task<> run();

    /// At shutdown: a connection without a request ends now, the others after their answer.
    void close_if_idle();

    // BodyReader: the rest of the request's body.
    Task<Result<std::string_view>> read() override;

    // BodyWriter: the body of a streamed answer.
    Task<Result<void>> write(std::string_view bytes) override;
    Task<Result<void>> flush() override;
    void trailer(std::string_view name, std::string_view value) override;
    [[nodiscard]] bool closed() const noexcept override;

    // ServerExchange: an answer that the handler writes while it runs.
    std::optional<std::string_view> arrived_body() override;
    [[nodiscard]] const Fields& request_trailers() const noexcept override;
    void interim(int status, std::string_view fields) override;
    void begin(std::optional<std::uint64_t> length) override;
    Task<Result<void>> write_through(std::string_view bytes) override;
    [[nodiscard]] PipeWriter* pipe_writer() noexcept override;
    void end() override;
    bool take_back() override;
    void cut() noexcept override;

    [[nodiscard]] bool begun() const noexcept override { return direct_ != Direct::none; }

    Task<Result<Upgraded>> upgrade(DrainListener& listener) override;

private:
    /// Output beyond this is sent before more is added to it.
    static constexpr std::size_t output_limit = 64 * 1024;

    /// How the body of the present request is delimited, and how far it has been read.
    enum class Framing { none, length, chunked };

    /// How far an answer has come that the handler writes itself.
    enum class Direct { none, begun, ended };

    /// What remains to be done for a request once all that needs no waiting is done.
    enum class Step {
        answered,       ///< nothing: the answer is in the output
        body_first,     ///< the body has to arrive before the handler is called
        handler_waits,  ///< the handler has returned a coroutine
        answer_waits,   ///< the answer has more to it than a text, or a body is left on the wire
    };

    Task<Result<void>> write_through(runtime::Pipe& pipe) override;
    Result<void> count_body(std::size_t bytes);

    Task<bool> begins_with_http2();
    Task<> serve_http2();
    Task<> serve_requests();
    bool flush_now();
    Task<bool> write_out();
    Task<Result<void>> send(
        std::string_view first, std::string_view second, std::string_view third = std::string_view()
    );
    Task<Result<void>> fill(Deadline deadline);

    void begin_request(const RequestHead& head);
    Step begin_exchange();
    Step call_handler();
    Task<> finish_slowly(Step step);
    Task<bool> read_whole_body();
    void handler_ended();
    void watch_client();
    void on_hang_up() noexcept override;
    Task<> discard_body();
    Task<> send_answer_slowly();
    void cut_answer_off(const std::exception_ptr& failure);
    Task<Result<void>> produce_body();
    Task<Result<void>> send_file(const FileBody& file);
    Task<Result<void>> serve_websocket(const WebSocketUpgrade& upgrade);
    void park_head(std::size_t consumed);
    void refuse(const Reject& reject);
    void refuse_request(const Reject& reject);
    void refuse_while_stopping();
    [[nodiscard]] bool can_answer_at_once() const;
    void settle_unread_body();
    void append_answer();
    void append_head(std::optional<std::uint64_t> length);
    [[nodiscard]] Wire wire() const;
    void end_request();

    /// Where the next byte of output will be in all that this connection sends.
    [[nodiscard]] std::uint64_t output_end() const noexcept { return flushed_ + out_.size(); }

    runtime::Stream stream_;
    runtime::TaskCancel cancel_;
    InputBuffer in_;
    std::optional<InputBuffer>
        head_memory_;  // what the request's views point into while the body is read into in_
    std::string out_;
    RequestParser parser_;
    ChunkedDecoder chunks_;

    Framing framing_ = Framing::none;
    std::uint64_t body_left_ = 0;  // of an announced length
    std::uint64_t body_read_ = 0;
    std::uint64_t body_limit_ = 0;  // of a body that is held in memory; streams have none
    std::size_t handed_out_ = 0;    // bytes of in_ that the last read() returned
    bool body_done_ = true;
    bool continue_wanted_ = false;
    bool body_handed_out_ = false;  // a body that arrived as a whole, by read()

    bool chunked_answer_ = false;
    std::optional<std::uint64_t> answer_left_;  // of an announced length
    std::string trailers_;
    bool head_begun_ = false;    // the head of the present answer is in the output, or has left
    bool write_failed_ = false;  // the connection is of no more use
    bool client_gone_ = false;   // ... because the client has left it, or does not read
    std::uint64_t body_sent_ = 0;

    std::unique_ptr<Http2Session> http2_;      // once the connection speaks it
    WebSocket* websocket_ = nullptr;           // while it is served
    DrainListener* drain_listener_ = nullptr;  // while the connection is upgraded
    Direct direct_ = Direct::none;
    bool handler_runs_ = false;  // as a coroutine, which may write while it reads

    bool keep_alive_ = true;
    bool idle_ = true;
    bool linger_ = false;  // the client may still be sending: close in a way that lets it read the answer
    std::size_t requests_ = 0;
    std::uint64_t flushed_ = 0;      // of all that this connection has sent
    std::uint64_t answer_from_ = 0;  // where in that the present answer begins
};

}  // namespace flotilla::http
