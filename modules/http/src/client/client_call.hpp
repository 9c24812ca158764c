#pragma once
// One attempt at a request: its connection, its span, its time limits, and its answer.

#include <memory>
#include <optional>
#include <string>

#include "client_pool.hpp"
#include "flotilla/http/client_request.hpp"
#include "flotilla/http/client_response.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::http {

/// Reports itself (span, timer) once: at the end of the body, at the first error, or when it is dropped.
class ClientCall {
public:
    ClientCall(std::shared_ptr<ClientShard> shard, ClientRequest request, Deadline deadline, ClientBody body);
    ~ClientCall();
    ClientCall(const ClientCall&) = delete;
    ClientCall& operator=(const ClientCall&) = delete;

    /// Sends the request and reads the head of the answer.
    Task<Result<void>> start();

    /// After `start`.
    [[nodiscard]] const ClientResponseHead& head() const noexcept { return *head_; }

    std::unique_ptr<const ClientResponseHead> release_head() noexcept { return std::move(head_); }

    [[nodiscard]] const Fields& trailers() const noexcept;

    /// The next piece of the body, unpacked; empty at the end.
    Task<Result<std::string_view>> read();
    Task<Result<std::string>> read_all(std::size_t limit);

    [[nodiscard]] std::size_t max_response_size() const noexcept;

    [[nodiscard]] const ClientRequest& request() const noexcept { return request_; }

    ClientRequest release_request() noexcept { return std::move(request_); }

private:
    friend class ClientUpload;
    using TimeLimit = std::chrono::milliseconds;

    Task<Result<void>> attempt(ClientShard::Want want);
    Task<Result<void>> connect();
    Task<Result<void>> exchange();
    Task<Result<void>> ask_for_consent();
    Task<Result<void>> exchange_with_upload();
    Task<Result<void>> upload_and_wait(runtime::TaskScope& scope);
    Task<> upload();
    Task<Result<void>> write_body();
    Task<Result<void>> read_final_head(Deadline deadline);
    Task<Result<void>> wait_for_head();
    Task<Result<std::string_view>> read_piece();

    Result<void> write_head();
    void take_head();
    void enter(ClientPhase phase, Duration limit) noexcept;
    [[nodiscard]] Deadline phase_deadline() const noexcept;
    [[nodiscard]] bool may_send_again(const Error& error) const noexcept;
    /// The error as the caller sees it: with the request, the phase, and the time limit that was reached.
    [[nodiscard]] Error explain(const Error& error) const;
    void finish(const Error* error);
    void report(const Error* error);

    [[nodiscard]] ClientConnection& connection() const noexcept { return *lease_.connection; }

    [[nodiscard]] const ClientConfig& config() const noexcept { return shard_->core().config; }

    std::shared_ptr<ClientShard> shard_;
    ClientRequest request_;
    const Method method_;
    const ClientTimeouts limits_;
    const Deadline deadline_;
    const ClientBody body_;
    std::shared_ptr<ClientHost> host_;
    TimePoint started_;
    tracing::Span span_;
    ClientLease lease_;
    std::string head_text_;

    ClientPhase phase_ = ClientPhase::pool;
    Duration phase_limit_{};
    TimePoint phase_began_;

    std::unique_ptr<const ClientResponseHead> head_;
    std::optional<runtime::Endpoint> peer_;
    int status_ = 0;
    bool keep_connection_ = true;
    bool send_again_ = false;
    bool finished_ = false;

    // The upload that runs beside the wait for an answer.
    std::optional<Result<void>> uploaded_;
    runtime::Signal upload_ended_;
    bool head_sent_ = false;

    std::optional<GzipDecompressor> gunzip_;
    std::string_view packed_;
    std::string unpacked_;
    bool more_unpacked_ = false;
    Fields trailers_;
    std::string trailers_text_;
};

}  // namespace flotilla::http
