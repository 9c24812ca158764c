#include "websocket_relay.hpp"

#include <functional>

#include "attempt.hpp"
#include "flotilla/http/websocket_handshake.hpp"

namespace flotilla::proxy {

namespace {

using namespace std::string_view_literals;
using runtime::IoStatus;
using runtime::Wake;

/// Code 1001, from a server; and from a client, whose frames are masked.
constexpr auto close_to_client = "\x88\x02\x03\xe9"sv;
constexpr auto close_to_upstream = "\x88\x82\0\0\0\0\x03\xe9"sv;

}  // namespace

Task<> WebSocketRelay::run(
    runtime::Stream& client,
    runtime::Stream& upstream,
    std::string_view from_client,
    std::string_view from_upstream
) {
    last_byte_ = client.loop().now();
    to_upstream_.from = to_client_.to = &client;
    to_client_.from = to_upstream_.to = &upstream;
    const std::function<Task<bool>(runtime::TaskScope&)> both = [&](runtime::TaskScope& scope) {
        scope.spawn("proxy-websocket", pump_beside(to_client_, from_upstream));
        return pump_until_the_end(to_upstream_, from_client);
    };
    co_await runtime::in_scope(client.loop(), both);
    say_goodbye(to_client_, close_to_client);
    say_goodbye(to_upstream_, close_to_upstream);
}

Task<bool> WebSocketRelay::pump_until_the_end(Way& way, std::string_view already_read) {
    co_await pump(way, already_read);
    end();
    co_return true;
}

Task<> WebSocketRelay::pump(Way& way, std::string_view already_read) {
    http::InputBuffer buffer(blocks_);
    buffer.append(already_read);
    while (!ended_) {
        if (!buffer.empty()) {
            way.frames.pass(buffer.view());
            const bool sent = co_await send(*way.to, buffer.view());
            if (!sent) co_return;
            buffer.consume(buffer.view().size());
            continue;
        }
        const auto [room, size] = buffer.room();
        const runtime::Io io = way.from->try_read(room, size);
        if (io.status == IoStatus::done) {
            buffer.added(io.bytes);
            last_byte_ = way.from->loop().now();
            continue;
        }
        if (io.status != IoStatus::would_block) co_return;
        buffer.release();
        const Deadline patience = Deadline::after(last_byte_, idle_);
        const Wake wake = co_await way.from->ready(patience);
        // The other direction may have been busy meanwhile.
        if (wake == Wake::timed_out && Deadline::after(last_byte_, idle_).passed(way.from->loop().now()))
            co_return;
    }
}

Task<> WebSocketRelay::pump_beside(Way& way, std::string_view already_read) {
    (void)co_await pump_until_the_end(way, already_read);
}

Task<bool> WebSocketRelay::send(runtime::Stream& to, std::string_view bytes) {
    while (!bytes.empty()) {
        const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
        const runtime::Io io = to.try_write({&part, 1});
        if (io.status == IoStatus::done) {
            bytes.remove_prefix(io.bytes);
            continue;
        }
        if (io.status != IoStatus::would_block || ended_) co_return false;
        const Deadline patience = Deadline::after(to.loop().now(), idle_);
        const Wake wake = co_await to.ready(patience);
        if (wake == Wake::timed_out) co_return false;
    }
    co_return true;
}

void WebSocketRelay::end() noexcept {
    if (std::exchange(ended_, true)) return;
    if (to_client_.to) to_client_.to->cancel();
    if (to_client_.from) to_client_.from->cancel();
}

void WebSocketRelay::on_drain() noexcept {
    end();
}

void WebSocketRelay::say_goodbye(const Way& way, std::string_view close_frame) {
    if (way.frames.close_passed() || !way.frames.between_frames()) return;
    const iovec part{const_cast<char*>(close_frame.data()), close_frame.size()};
    way.to->begin_turn();
    (void)way.to->try_write({&part, 1});
}

Task<Result<Outcome>> Attempt::relay_websocket(Outcome outcome) {
    Connection& from = connection();
    const http::ResponseHead& head = from.parser().head();
    std::vector<std::string_view> offered;
    const auto offer = http::check_websocket_request(call_.request.head());
    if (offer) offered = offer->protocols;
    const std::string_view key = call_.outgoing.fields.find("Sec-WebSocket-Key");
    const auto agreed = http::check_websocket_response(head, key, offered);
    if (!agreed) co_return fail(ProxyErrc::malformed_answer, agreed.error().message());

    if (call_.filter) call_.filter->on_switch();
    http::Response& to = call_.response;
    copy_response(head, shard_.shared.hop_by_hop, to);
    to.set("Connection", "Upgrade");
    to.set("Upgrade", "websocket");
    from.in.consume(from.parser().consumed());
    WebSocketRelay relay(shard_.blocks, config_.websocket_idle_timeout);
    const auto upgraded = co_await client().upgrade(relay);
    if (!upgraded) co_return fail(ProxyErrc::client_gone, "the client went away");
    co_await relay.run(*upgraded->stream, from.stream, upgraded->already_read, from.in.view());
    co_return outcome;
}

}  // namespace flotilla::proxy
