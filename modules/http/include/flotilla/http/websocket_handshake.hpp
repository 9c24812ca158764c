#pragma once
/// How a connection becomes a WebSocket (RFC 6455, 4): what the server checks and answers, and what the
/// client checks.

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/http/parsing.hpp"
#include "flotilla/http/request_parser.hpp"
#include "flotilla/http/response_parser.hpp"

namespace flotilla::http {

/// What a request for a WebSocket says. Views into the request.
struct WebSocketOffer {
    std::string_view key;
    std::vector<std::string_view> protocols;  ///< in the order of the client's preference
};

/// The offer of a request that has `upgrade_websocket`, or with which status to refuse it: 426 (to be sent
/// with `Sec-WebSocket-Version: 13`) for another version, 400 for a malformed one.
std::expected<WebSocketOffer, Reject> check_websocket_request(const RequestHead& head);

/// The client's first subprotocol that the server speaks; empty for none.
std::string_view choose_subprotocol(
    std::span<const std::string_view> offered, std::span<const std::string_view> supported
);

/// The value of Sec-WebSocket-Accept that answers a key.
std::string websocket_accept(std::string_view key);

/// A key of 16 random bytes for a client's request.
std::string websocket_key(const std::array<std::uint8_t, 16>& random);

/// Whether an answer opens the WebSocket that was asked for; then the subprotocol that the server chose,
/// empty for none.
Result<std::string> check_websocket_response(
    const ResponseHead& head, std::string_view key, std::span<const std::string_view> offered_protocols
);

}  // namespace flotilla::http
