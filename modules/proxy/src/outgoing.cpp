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

/// Names that the Connection fields of a message take away.
class Nominated {
public:
    explicit Nominated(const http::Fields& fields) : fields_(fields) {
        fields.for_each(KnownField::connection, [&](std::string_view list) {
            http::for_each_token(list, [&](std::string_view token) {
                any_ = any_ || !(iequals(token, "close") || iequals(token, "keep-alive"));
            });
        });
    }

    [[nodiscard]] bool contains(std::string_view name) const {
        if (!any_ || is_protected(name)) return false;
        bool found = false;
        fields_.for_each(KnownField::connection, [&](std::string_view list) {
            http::for_each_token(list, [&](std::string_view token) {
                found = found || iequals(token, name);
            });
        });
        return found;
    }

private:
    const http::Fields& fields_;
    bool any_ = false;
};

/// Calls `use(known, field)` for each field of an answer that means the message.
template <class Use>
void for_each_end_to_end(const http::Fields& fields, const HopByHop& hop_by_hop, const Use& use) {
    const Nominated nominated(fields);
    for (const http::Field& field : fields) {
        const KnownField known = http::known_field(field.name);
        if (known != KnownField::none && ((framing | switching) & bit(known)) != 0) continue;
        if (hop_by_hop.contains(known, field.name) || nominated.contains(field.name)) continue;
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
    const Nominated nominated(from.fields);
    for (const auto& [name, value] : from.fields) {
        const KnownField known = http::known_field(name);
        if (known == KnownField::none) {
            if (rules.drop_forwarded && istarts_with(name, "x-forwarded-")) continue;
        } else if ((dropped & bit(known)) != 0) {
            continue;
        }
        if (rules.hop_by_hop.contains(known, name) || nominated.contains(name)) continue;
        to.fields.add_checked(name, value);
    }
    if (is_grpc(from.fields.get(KnownField::content_type)) &&
        from.fields.has_token(KnownField::te, "trailers"))
        to.fields.set("TE", "trailers");
}

void copy_response(const http::ResponseHead& from, const HopByHop& hop_by_hop, http::Response& to) {
    to.status(static_cast<http::Status>(from.status));
    for_each_end_to_end(from.fields, hop_by_hop, [&](KnownField known, const http::Field& field) {
        if (known == KnownField::date) to.bring_date();
        to.headers().add_checked(field.name, field.value);
    });
}

void copy_end_to_end(const http::Fields& from, const HopByHop& hop_by_hop, http::HeaderBlock& to) {
    for_each_end_to_end(from, hop_by_hop, [&](KnownField, const http::Field& field) {
        to.add_checked(field.name, field.value);
    });
}

}  // namespace flotilla::proxy
