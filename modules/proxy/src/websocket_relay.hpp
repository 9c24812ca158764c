#pragma once
// Relays the frames of a WebSocket, as they are, until one side ends.

#include "flotilla/http/input_buffer.hpp"
#include "flotilla/http/server_exchange.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "frame_boundary.hpp"

namespace flotilla::proxy {

/// When one side goes, is idle for too long, or the server drains, both are said good-bye to: with a close
/// frame (1001) where none has passed, unless they are within a frame.
class WebSocketRelay final : public http::DrainListener {
public:
    WebSocketRelay(http::BlockPool& blocks, Duration idle) : blocks_(blocks), idle_(idle) {}

    /// `from_client` and `from_upstream` have been read already. The streams outlive it.
    Task<> run(
        runtime::Stream& client,
        runtime::Stream& upstream,
        std::string_view from_client,
        std::string_view from_upstream
    );

    void on_drain() noexcept override;

private:
    struct Way {
        runtime::Stream* from = nullptr;
        runtime::Stream* to = nullptr;
        FrameBoundary frames;
    };

    Task<bool> pump_until_the_end(Way& way, std::string_view already_read);
    Task<> pump_beside(Way& way, std::string_view already_read);
    Task<> pump(Way& way, std::string_view already_read);
    Task<bool> send(runtime::Stream& to, std::string_view bytes);
    void end() noexcept;
    static void say_goodbye(const Way& way, std::string_view close_frame);

    http::BlockPool& blocks_;
    Duration idle_;
    TimePoint last_byte_;
    Way to_upstream_;
    Way to_client_;
    bool ended_ = false;
};

}  // namespace flotilla::proxy
