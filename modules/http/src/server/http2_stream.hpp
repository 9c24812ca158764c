#pragma once
// One request of an HTTP/2 connection, from its head to the end of its answer: to handlers the same as one of
// HTTP/1.1. It has a task of its own; what arrives for it and what leaves is moved by the Http2Session.

#include <optional>
#include <string>

#include "flotilla/http/chunked.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "http2_codec.hpp"
#include "served_exchange.hpp"

namespace flotilla::http {

class Http2Session;

class Http2Stream final : public ServedExchange {
public:
    /// `head` is the text of its HTTP/1.1 form.
    Http2Stream(Http2Session& session, std::int32_t id, std::string head, bool ended);
    ~Http2Stream();

    /// Until the answer has been taken over, or the stream is gone.
    Task<> serve(runtime::TaskCancel cancel);

    // What the session tells, while it must not be called back.
    void on_body(std::string_view bytes) { arriving_ += bytes; }

    /// False for trailers that are refused.
    bool on_end(std::string_view trailers);

    void on_closed() noexcept { closed_ = true; }

    Http2Piece pull(std::span<char> into);

    // Later, when it may be.
    void wake_reader() { arrived_.notify_one(); }

    void wake_writer() { left_.notify_one(); }

    /// The client has gone, or has reset the stream.
    void abandon();

    [[nodiscard]] bool closed() const noexcept override { return closed_; }

    /// The whole answer has been taken over.
    [[nodiscard]] bool complete() const noexcept { return pulled_; }

    /// Both sides have said everything.
    [[nodiscard]] bool request_ended() const noexcept { return ended_; }

    /// Bytes of the body that nobody has read.
    [[nodiscard]] std::size_t unread() const noexcept { return arriving_.size(); }

    /// Bytes of the body in memory for a handler that wants it as a whole.
    [[nodiscard]] std::size_t held() const noexcept { return held_; }

    // BodyReader
    Task<Result<std::string_view>> read() override;

    // BodyWriter
    Task<Result<void>> write(std::string_view bytes) override;
    Task<Result<void>> flush() override;
    void trailer(std::string_view name, std::string_view value) override;

    // ServerExchange
    std::optional<std::string_view> arrived_body() override;

    [[nodiscard]] const Fields& request_trailers() const noexcept override { return trailers_in_.trailers(); }

    void interim(int status, std::string_view fields) override;
    void begin(std::optional<std::uint64_t> length) override;
    Task<Result<void>> write_through(std::string_view bytes) override;
    void end() override;
    bool take_back() override;
    void cut() noexcept override;

    [[nodiscard]] bool begun() const noexcept override { return answer_ != Answer::none; }

    Task<Result<Upgraded>> upgrade(DrainListener& listener) override;

private:
    /// Output beyond this is taken before more is added to it.
    static constexpr std::size_t output_limit = 64 * 1024;

    enum class Answer : std::uint8_t {
        none,
        begun,      ///< it can be taken back
        committed,  ///< its head has been handed over
    };

    Task<bool> read_whole_body();
    Task<> run_pending();
    Task<> answer();
    Task<Result<void>> produce_body();
    Task<Result<void>> send_file(const FileBody& file);
    void answer_text();
    void commit();
    [[nodiscard]] Wire wire() const;
    void give_up(Http2Error error) noexcept;
    Result<void> count(std::size_t bytes);
    /// Until no more than `left` bytes wait here; false when the client does not take them.
    Task<bool> taken(std::size_t left);

    [[nodiscard]] std::size_t waiting() const noexcept { return out_.size() - out_at_ + through_.size(); }

    Http2Session& session_;
    const std::int32_t id_;
    std::optional<runtime::TaskCancel> cancel_;
    const std::string head_;
    RequestParser parser_;

    std::string arriving_;  // of the body, not read yet
    std::string handed_;    // what the last read() returned
    std::uint64_t read_ = 0;
    std::size_t held_ = 0;
    bool ended_ = false;  // the client's side of the stream
    bool handed_whole_ = false;
    bool continue_wanted_ = false;
    ChunkedDecoder trailers_in_;
    runtime::Signal arrived_;

    Answer answer_ = Answer::none;
    std::optional<std::uint64_t> length_;       // announced, of the answer's body
    std::optional<std::uint64_t> answer_left_;  // of that
    std::string out_;
    std::size_t out_at_ = 0;
    std::string_view through_;  // behind out_; of whoever waits until it is taken
    std::string trailers_out_;
    bool producing_ = false;  // a body that is written piece by piece, maybe out of what is read
    bool answer_ended_ = false;
    bool pulled_ = false;
    bool closed_ = false;
    bool given_up_ = false;       // by us
    bool lost_patience_ = false;  // with a client that does not read
    std::uint64_t sent_ = 0;
    runtime::Signal left_;
};

}  // namespace flotilla::http
