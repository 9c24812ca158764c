// The way of a request's body that is not here yet, beside the wait for the answer.

#include <functional>

#include "attempt.hpp"
#include "flotilla/http/chunked.hpp"
#include "flotilla/http/message_writer.hpp"

namespace flotilla::proxy {

Task<Result<Outcome>> Attempt::exchange_with_upload() {
    upload_ = Upload::running;
    const std::function<Task<Result<Outcome>>(runtime::TaskScope&)> body = [this](runtime::TaskScope& scope) {
        return upload_and_answer(scope);
    };
    co_return co_await runtime::in_scope(shard_.loop, body);
}

Task<Result<Outcome>> Attempt::upload_and_answer(runtime::TaskScope& scope) {
    scope.spawn("proxy-upload", upload());
    FLT_CO_CHECK(co_await read_head());
    Outcome outcome = outcome_so_far();
    if (auto settled = settle_now(outcome)) co_return *settled;
    co_return co_await relay(outcome);
}

Task<> Attempt::upload() {
    co_await upload_pieces();
    sent_ = shard_.loop.now();
    // Whoever waits for the answer has a deadline, or no reason to wait, from now on.
    if (lease_.connection) connection().stream.cancel();
}

Task<> Attempt::upload_pieces() {
    Connection& to = connection();
    const bool chunked = !call_.body.length();
    // The client may wait for a word of the upstream before it sends a body.
    const auto head_sent =
        co_await to.send(to.out, std::string_view(), std::string_view(), config_.idle_timeout);
    if (!head_sent) {
        upload_ = Upload::upstream_failed;
        co_return;
    }
    for (;;) {
        // Nothing of a request that is refused on its way may reach the upstream as a whole.
        awaits_client_ = true;
        const auto piece = co_await call_.body.next();
        awaits_client_ = false;
        if (!piece) {
            upload_ = Upload::client_failed;
            upload_error_ = piece.error();
            co_return;
        }
        const bool last = piece->empty();
        const http::ChunkHeader size(piece->size());
        std::string end;
        if (chunked && last) {
            end = "0\r\n";
            for (const auto& [name, value] : call_.body.trailers())
                (void)http::append_field(end, name, value);
            end += "\r\n";
        }
        const bool chunk = chunked && !last;
        const std::string_view before = chunk ? size.text() : std::string_view();
        const std::string_view after = chunk ? http::chunk_end : std::string_view(end);
        to.body_bytes_sent += piece->size();
        const auto sent = co_await to.send(before, *piece, after, config_.idle_timeout);
        if (!sent) {
            upload_ = Upload::upstream_failed;
            co_return;
        }
        if (last) {
            upload_ = Upload::sent;
            co_return;
        }
    }
}

}  // namespace flotilla::proxy
