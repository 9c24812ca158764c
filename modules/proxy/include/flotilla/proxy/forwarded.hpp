#pragma once
/// `Forwarded` and `X-Forwarded-*`: who is believed, and what the next hop is told. Pure functions.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/http/fields.hpp"
#include "flotilla/http/header_block.hpp"
#include "flotilla/runtime/endpoint.hpp"

namespace flotilla::proxy {

/// An address range: `10.0.0.0/8`, `::1`. Without a mask, that address alone.
class AddressRange {
public:
    static Result<AddressRange> parse(std::string_view text);

    [[nodiscard]] bool contains(const runtime::Endpoint& endpoint) const noexcept;

private:
    std::array<std::uint8_t, 16> bytes_{};
    unsigned bits_ = 0;
    bool v6_ = false;
};

/// `trusted-proxies`: a comma-separated list of address ranges, or a regular expression for the whole
/// address. Empty trusts nobody.
class TrustedProxies {
public:
    TrustedProxies() = default;
    static Result<TrustedProxies> parse(std::string_view text);

    [[nodiscard]] bool trusts(const runtime::Endpoint& peer) const;

private:
    struct Pattern;

    std::vector<AddressRange> ranges_;
    std::shared_ptr<const Pattern> pattern_;
};

struct ForwardedElement {
    bool enabled = true;  ///< false: the inbound value of a trusted peer passes as it is
    bool append = true;   ///< false: what a trusted peer said is replaced
};

/// `spring.cloud.gateway.{forwarded,x-forwarded}.*`
struct ForwardedConfig {
    bool forwarded = true;
    bool x_forwarded = true;
    ForwardedElement for_;
    ForwardedElement host;
    ForwardedElement port;
    ForwardedElement proto;
    ForwardedElement prefix;
};

/// What is known of the connection that a request came on.
struct ClientFacts {
    const runtime::Endpoint& peer;
    bool trusted = false;
    bool secure = false;
    std::string_view host = {};  ///< of the Host field, as the server's parser has checked it
};

/// Writes the fields for the next hop. `inbound` are the fields of the client, of which `out` has none
/// (`CopyRules::drop_forwarded`). A trusted peer's values are kept and appended to, anybody else's are
/// forgotten.
void write_forwarded(
    const ForwardedConfig& config,
    const ClientFacts& facts,
    const http::Fields& inbound,
    http::HeaderBlock& out
);

/// `X-Forwarded-Prefix`: the parts that filters have cut off the path, joined with commas; empty for none.
void write_forwarded_prefix(
    const ForwardedConfig& config,
    const ClientFacts& facts,
    const http::Fields& inbound,
    std::string_view prefix,
    http::HeaderBlock& out
);

}  // namespace flotilla::proxy
