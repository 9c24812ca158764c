#include "flotilla/proxy/outgoing.hpp"

#include <algorithm>
#include <array>

#include "flotilla/base/text.hpp"

namespace flotilla::proxy {

namespace {

using http::KnownField;

constexpr std::uint64_t bit(KnownField known) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(known);
}

/// Each message is framed anew, whatever the list says.
constexpr std::uint64_t framing =
    bit(KnownField::connection) | bit(KnownField::transfer_encoding) | bit(KnownField::content_length);
/// Protocols to switch to are named by the engine alone.
constexpr std::uint64_t switching = bit(KnownField::upgrade) | bit(KnownField::http2_settings);
constexpr std::uint64_t engine_writes = framing | switching | bit(KnownField::host) | bit(KnownField::expect);
constexpr std::uint64_t trace = bit(KnownField::b3) | bit(KnownField::x_b3_traceid) |
                                bit(KnownField::x_b3_spanid) | bit(KnownField::x_b3_parentspanid) |
                                bit(KnownField::x_b3_sampled) | bit(KnownField::x_b3_flags) |
                                bit(KnownField::traceparent) | bit(KnownField::tracestate);
constexpr std::uint64_t forwarded = bit(KnownField::forwarded) | bit(KnownField::x_forwarded_for) |
                                    bit(KnownField::x_forwarded_proto) | bit(KnownField::x_forwarded_host) |
                                    bit(KnownField::x_forwarded_port);

/// Whether the Connection fields of a message take that field away.
bool is_nominated(const http::Fields& fields, std::string_view name) {
    return !is_protected(name) && fields.has_token(KnownField::connection, name);
}

/// Calls `use(known, field)` for each field of an answer that means the message; with `named`, its Connection
/// fields may name others that do not.
template <class Use>
void for_each_end_to_end(const http::Fields& fields, bool named, const HopByHop& hop_by_hop, const Use& use) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const http::Field& field = fields[i];
        const KnownField known = fields.known(i);
        if (known != KnownField::none && ((framing | switching) & bit(known)) != 0) continue;
        if (hop_by_hop.contains(known, field.name)) continue;
        if (named && is_nominated(fields, field.name)) continue;
        use(known, field);
    }
}

bool is_grpc(std::string_view content_type) noexcept {
    return istarts_with(content_type, "application/grpc");
}

}  // namespace

void Outgoing::clear() noexcept {
    method.clear();
    target.clear();
    host.clear();
    fields.clear();
    websocket = false;
}

HopByHop::HopByHop() {
    for (const auto* name :
         {"Connection",
          "Keep-Alive",
          "Transfer-Encoding",
          "TE",
          "Trailer",
          "Proxy-Authorization",
          "Proxy-Authenticate",
          "X-Application-Context",
          "Upgrade",
          "Proxy-Connection",
          "HTTP2-Settings"})
        add(name);
}

HopByHop::HopByHop(std::span<const std::string> names) {
    for (const auto& name : names) add(name);
}

void HopByHop::add(std::string_view name) {
    if (const KnownField known = http::known_field(name); known != KnownField::none)
        known_ |= bit(known);
    else
        others_.emplace_back(name);
}

bool HopByHop::contains(KnownField known, std::string_view name) const noexcept {
    if (known != KnownField::none) return (known_ & bit(known)) != 0;
    return std::ranges::any_of(others_, [&](const std::string& other) { return iequals(other, name); });
}

bool is_protected(std::string_view name) noexcept {
    for (const auto* prefix : {"content-", "x-forwarded-"}) {
        if (istarts_with(name, prefix)) return true;
    }
    for (const auto* whole :
         {"authorization",
          "cookie",
          "host",
          "forwarded",
          "set-cookie",
          "x-user-id",
          "strict-transport-security"}) {
        if (iequals(name, whole)) return true;
    }
    return false;
}

void copy_request(const http::RequestHead& from, const CopyRules& rules, Outgoing& to) {
    to.clear();
    to.method = from.method_text;
    to.target = from.path;
    if (from.has_query) {
        to.target += '?';
        to.target += from.query;
    }
    to.websocket = from.upgrade_websocket;
    const std::uint64_t dropped =
        engine_writes | (rules.drop_trace ? trace : 0) | (rules.drop_forwarded ? forwarded : 0);
    for (std::size_t i = 0; i < from.fields.size(); ++i) {
        const auto& [name, value] = from.fields[i];
        const KnownField known = from.fields.known(i);
        if (known == KnownField::none) {
            if (rules.drop_forwarded && istarts_with(name, "x-forwarded-")) continue;
        } else if ((dropped & bit(known)) != 0) {
            continue;
        }
        if (rules.hop_by_hop.contains(known, name)) continue;
        if (from.connection_names && is_nominated(from.fields, name)) continue;
        to.fields.add_checked(name, value);
    }
    if (is_grpc(from.fields.get(KnownField::content_type)) &&
        from.fields.has_token(KnownField::te, "trailers"))
        to.fields.set("TE", "trailers");
}

void copy_response(const http::ResponseHead& from, const HopByHop& hop_by_hop, http::Response& to) {
    to.status(static_cast<http::Status>(from.status));
    const auto copy = [&](KnownField known, const http::Field& field) {
        if (known == KnownField::date) to.bring_date();
        to.headers().add_checked(field.name, field.value);
    };
    for_each_end_to_end(from.fields, from.connection_names, hop_by_hop, copy);
}

void copy_end_to_end(const http::Fields& from, const HopByHop& hop_by_hop, http::HeaderBlock& to) {
    const auto copy = [&](KnownField, const http::Field& field) { to.add_checked(field.name, field.value); };
    for_each_end_to_end(from, from.contains(KnownField::connection), hop_by_hop, copy);
}

}  // namespace flotilla::proxy
