#include "flotilla/http/websocket_handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/message_writer.hpp"

namespace flotilla::http {
namespace {

constexpr Reject no_upgrade{400, "RFC6455", "no upgrade to websocket"};
constexpr Reject bad_key{400, "RFC6455", "malformed Sec-WebSocket-Key"};
constexpr Reject bad_protocols{400, "RFC6455", "malformed Sec-WebSocket-Protocol"};
constexpr Reject other_websocket_version{426, "RFC6455", "Sec-WebSocket-Version other than 13"};
constexpr Reject unwanted_body{400, "RFC6455", "request for a WebSocket with a body"};

}  // namespace

std::expected<WebSocketOffer, Reject> check_websocket_request(const RequestHead& head) {
    const Fields& fields = head.fields;
    if (!head.upgrade_websocket) return std::unexpected(no_upgrade);
    if (head.has_body()) return std::unexpected(unwanted_body);
    if (fields.count(KnownField::sec_websocket_version) != 1 ||
        fields.get(KnownField::sec_websocket_version) != "13") {
        return std::unexpected(other_websocket_version);
    }
    WebSocketOffer offer;
    offer.key = fields.get(KnownField::sec_websocket_key);
    const auto bytes = from_base64(offer.key);
    if (fields.count(KnownField::sec_websocket_key) != 1 || !bytes || bytes->size() != 16) {
        return std::unexpected(bad_key);
    }
    bool valid = true;
    fields.for_each(KnownField::sec_websocket_protocol, [&](std::string_view list) {
        for_each_token(list, [&](std::string_view protocol) {
            valid = valid && is_token(protocol) && offer.protocols.size() < 32;
            if (valid) offer.protocols.push_back(protocol);
        });
    });
    if (!valid) return std::unexpected(bad_protocols);
    return offer;
}

std::string_view choose_subprotocol(
    std::span<const std::string_view> offered, std::span<const std::string_view> supported
) {
    const auto chosen = std::ranges::find_if(offered, [&](std::string_view each) {
        return std::ranges::find(supported, each) != supported.end();
    });
    return chosen == offered.end() ? std::string_view() : *chosen;
}

std::string websocket_accept(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, 20> digest;
    unsigned int size = digest.size();
    const int done = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    FLT_ASSERT(done == 1 && size == digest.size());
    return to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string websocket_key(const std::array<std::uint8_t, 16>& random) {
    return to_base64({reinterpret_cast<const char*>(random.data()), random.size()});
}

Result<std::string> check_websocket_response(
    const ResponseHead& head, std::string_view key, std::span<const std::string_view> offered_protocols
) {
    const Fields& fields = head.fields;
    const auto refused = [](std::string why) {
        return fail(Errc::refused, "websocket handshake: " + std::move(why));
    };
    if (head.status != 101) return refused("answered with status " + std::to_string(head.status));
    if (!iequals(fields.get(KnownField::upgrade), "websocket")) return refused("no Upgrade: websocket");
    if (!fields.has_token(KnownField::connection, "upgrade")) return refused("no Connection: upgrade");
    if (fields.count(KnownField::sec_websocket_accept) != 1 ||
        fields.get(KnownField::sec_websocket_accept) != websocket_accept(key)) {
        return refused("Sec-WebSocket-Accept does not fit the key");
    }
    if (!fields.get(KnownField::sec_websocket_extensions).empty())
        return refused("an extension nobody asked for");
    const std::string_view protocol = fields.get(KnownField::sec_websocket_protocol);
    const bool offered = std::ranges::find(offered_protocols, protocol) != offered_protocols.end();
    if (fields.count(KnownField::sec_websocket_protocol) > 1 || (!protocol.empty() && !offered)) {
        return refused("a subprotocol nobody asked for");
    }
    return std::string(protocol);
}

}  // namespace flotilla::http
