#pragma once
// One call of `Proxy::forward`.

#include <optional>

#include "flotilla/proxy/proxy.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/tracing/tracer.hpp"
#include "pool.hpp"

namespace flotilla::proxy {

class Attempt {
public:
    /// The upstream's name is in front of what it says.
    static Task<Result<Outcome>> run(Shard& shard, Call& call);

    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

private:
    Attempt(Shard& shard, Call& call);

    /// What can be seen of the request without asking the upstream.
    [[nodiscard]] std::optional<Error> refusal() const;
    /// Tells the span how it went.
    void report(const Result<Outcome>& outcome);

    /// How the client's body gets on, when it has to be waited for.
    enum class Upload { none, running, sent, upstream_failed, client_failed };

    Task<Result<void>> connect(Pool& pool);
    Result<void> write_head();
    void write_framing(std::string& out);
    /// Writes the head and sends what can be sent without waiting.
    Result<void> begin();

    [[nodiscard]] bool all_sent() const noexcept {
        return whole_ && head_left_.empty() && body_left_.empty();
    }

    void note_all_sent();
    /// Has it read the answer from its beginning.
    void parse_with(http::ResponseParser& parser) noexcept;
    /// The answer, if all of it is here.
    std::optional<Outcome> settle_at_once();
    /// All that is left of the exchange once it has begun.
    Task<Result<Outcome>> exchange();
    Task<Result<Outcome>> exchange_with_upload();
    Task<Result<Outcome>> upload_and_answer(runtime::TaskScope& scope);
    Task<> upload();
    Task<> upload_pieces();
    /// The final one, after those that are passed on before it.
    Task<Result<void>> read_head();
    /// Without waiting: done, need_more or, with `head_error_`, rejected.
    http::Progress read_head_now();
    /// Whose fault it is that the wait for the head is over.
    Error nothing_in_time();
    [[nodiscard]] Outcome outcome_so_far() const;
    Task<Result<void>> pass_interim();

    /// The answer's head has come.
    std::optional<Outcome> settle_now(Outcome& outcome);
    Task<Result<Outcome>> relay(Outcome outcome);
    Task<Result<void>> relay_body();
    Task<Result<void>> relay_length(std::uint64_t left);
    Task<Result<void>> relay_by_pipe(std::uint64_t left, http::PipeWriter& to, runtime::Pipe& pipe);
    Task<Result<void>> relay_chunked();
    Task<Result<void>> relay_until_close();
    Task<Result<void>> hold_body();
    /// More of the body; the end is 0 bytes.
    Task<Result<std::size_t>> read_more(http::InputBuffer& into);
    /// After a read that would have had to wait.
    Task<Result<void>> wait_for_more();
    /// Keeps it when both messages have come to their ends. Nobody uses it any more.
    void release_connection();
    Task<Result<Outcome>> relay_websocket(Outcome outcome);

    [[nodiscard]] bool may_repeat(const Error& error) const;
    /// From `sent_` on, as soon as nothing but the answer is waited for.
    [[nodiscard]] std::optional<std::chrono::milliseconds> answer_limit() const;
    [[nodiscard]] Deadline answer_deadline() const;
    /// Counts it, too.
    Error no_answer_in_time();
    /// Names the limit: that of its own, or what the whole request had left.
    [[nodiscard]] Error late(
        ProxyErrc code, std::string_view what, std::optional<std::chrono::milliseconds> limit, TimePoint since
    ) const;

    [[nodiscard]] Connection& connection() const noexcept { return *lease_.connection; }

    [[nodiscard]] http::ServerExchange& client() const noexcept { return call_.request.exchange(); }

    Shard& shard_;
    Call& call_;
    const ProxyConfig& config_;
    http::Method method_;
    TimePoint started_;
    TimePoint sent_;  // the whole request
    Deadline deadline_;
    Lease lease_;
    http::ResponseParser* parser_ = nullptr;  // the shard's until it has to wait, then the connection's
    tracing::Span span_;
    Upload upload_ = Upload::none;
    bool awaits_client_ = false;  // the next piece of the body is not here yet
    std::optional<Error> upload_error_;
    std::optional<Error> head_error_;
    std::optional<std::string_view> whole_;  // the request's body, if it is here
    std::string_view head_left_;             // of what has to be sent
    std::string_view body_left_;
    std::optional<Outcome> outcome_;  // the answer's head has been read, and its fields copied
    int status_ = 0;
    bool reusable_ = false;  // the upstream has sent all that it owes, and keeps the connection
};

}  // namespace flotilla::proxy
