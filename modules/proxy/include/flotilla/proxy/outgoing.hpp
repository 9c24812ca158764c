#pragma once
/// The head of a request as it goes to the upstream, and the copy of fields from one side to the other.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/http/fields.hpp"
#include "flotilla/http/header_block.hpp"
#include "flotilla/http/method.hpp"
#include "flotilla/http/request_parser.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/http/response_parser.hpp"

namespace flotilla::proxy {

/// What is sent but for the framing of the body and the trace, which the engine writes. Filters edit it
/// freely.
struct Outgoing {
    std::string method;
    std::string target;        ///< raw octets: path and query
    std::string host;          ///< the Host field; empty: the upstream's authority
    http::HeaderBlock fields;  ///< end to end fields only
    bool websocket = false;    ///< the client asks for a WebSocket

    /// As new, but with the memory that it has.
    void clear() noexcept;
};

/// The fields that mean the connection and not the message.
class HopByHop {
public:
    /// Spring's list and `Proxy-Connection`, `HTTP2-Settings`.
    HopByHop();
    /// `filter.remove-hop-by-hop.headers`: replaces the list. What frames a message is removed all the same.
    explicit HopByHop(std::span<const std::string> names);

    [[nodiscard]] bool contains(http::KnownField known, std::string_view name) const noexcept;

private:
    void add(std::string_view name);

    std::uint64_t known_ = 0;
    std::vector<std::string> others_;
};

/// Whether a `Connection` field may take that field away: not when security hangs on it, such as
/// `Authorization`, `Cookie`, `Host`, `Content-*`, `Forwarded` and `X-Forwarded-*`.
bool is_protected(std::string_view name) noexcept;

struct CopyRules {
    const HopByHop& hop_by_hop;
    /// The engine writes trace fields of its own: to be set when it has a tracer.
    bool drop_trace = false;
    /// `Forwarded` and `X-Forwarded-*` are written anew: see ForwardedRules.
    bool drop_forwarded = false;
};

/// Method, target and end to end fields of a request. Empty `host`.
void copy_request(const http::RequestHead& from, const CopyRules& rules, Outgoing& to);
/// Status and end to end fields of an answer; `to` keeps the fields that it has.
void copy_response(const http::ResponseHead& from, const HopByHop& hop_by_hop, http::Response& to);
/// The end to end fields alone, for an answer that is kept.
void copy_end_to_end(const http::Fields& from, const HopByHop& hop_by_hop, http::HeaderBlock& to);

}  // namespace flotilla::proxy
