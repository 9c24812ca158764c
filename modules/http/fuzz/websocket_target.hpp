#pragma once
/// Any bytes as WebSocket frames: the outcome does not depend on how they are split.

#include <cstdlib>
#include <string>

#include "flotilla/base/encoding.hpp"
#include "flotilla/http/websocket_frame.hpp"

namespace flotilla::http::testing {

inline std::string websocket_outcome(std::string_view input, std::size_t step, WebSocketRole role) {
    using Kind = WebSocketDecoder::Kind;
    WebSocketMessages messages({.role = role, .max_message = 1000});
    std::string outcome;
    for (std::size_t at = 0; at < input.size(); at += step) {
        std::string piece(input.substr(at, step));
        std::span<char> rest(piece);
        while (true) {
            const auto next = messages.next(rest);
            rest = rest.subspan(next.consumed);
            if (next.kind == Kind::need_more) break;
            if (next.kind == Kind::data && next.message == Opcode::text && !is_valid_utf8(next.payload))
                std::abort();
            if (next.payload.size() > 1000) std::abort();
            outcome += static_cast<char>('a' + static_cast<int>(next.kind));
            outcome.append(next.payload).append(std::to_string(next.close_code));
        }
    }
    return outcome;
}

inline void read_websocket(std::string_view input) {
    if (input.empty()) return;
    const auto first = static_cast<unsigned char>(input[0]);
    const WebSocketRole role = first % 2 == 0 ? WebSocketRole::server : WebSocketRole::client;
    input.remove_prefix(1);
    if (websocket_outcome(input, 1u + first / 2u % 16u, role) !=
        websocket_outcome(input, input.size() + 1, role)) {
        std::abort();
    }
}

}  // namespace flotilla::http::testing
