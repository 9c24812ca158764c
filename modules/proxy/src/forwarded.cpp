#include "flotilla/proxy/forwarded.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <regex>

#include "flotilla/base/text.hpp"
#include "flotilla/http/message_writer.hpp"

namespace flotilla::proxy {

struct TrustedProxies::Pattern {
    std::regex regex;
};

Result<AddressRange> AddressRange::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    AddressRange range;
    if (::inet_pton(AF_INET6, address.c_str(), range.bytes_.data()) == 1)
        range.v6_ = true;
    else if (::inet_pton(AF_INET, address.c_str(), range.bytes_.data()) != 1)
        return fail(Errc::invalid_argument, "no address: " + std::string(text));
    const unsigned most = range.v6_ ? 128 : 32;
    range.bits_ = most;
    if (slash == std::string_view::npos) return range;
    const std::string_view mask = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(mask.data(), mask.data() + mask.size(), range.bits_);
    if (error != std::errc() || end != mask.data() + mask.size() || range.bits_ > most)
        return fail(Errc::invalid_argument, "no address mask: " + std::string(text));
    return range;
}

bool AddressRange::contains(const runtime::Endpoint& endpoint) const noexcept {
    if (endpoint.is_v6() != v6_) return false;
    std::array<std::uint8_t, 16> bytes{};
    if (v6_)
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(endpoint.data())->sin6_addr, 16);
    else
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(endpoint.data())->sin_addr, 4);
    const std::size_t whole = bits_ / 8;
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes_.begin()))
        return false;
    const unsigned rest = bits_ % 8;
    return rest == 0 || ((bytes[whole] ^ bytes_[whole]) >> (8 - rest)) == 0;
}

Result<TrustedProxies> TrustedProxies::parse(std::string_view text) {
    TrustedProxies trusted;
    bool ranges = true;
    http::for_each_token(text, [&](std::string_view part) {
        auto range = AddressRange::parse(part);
        if (range)
            trusted.ranges_.push_back(*range);
        else
            ranges = false;
    });
    if (ranges) return trusted;
    trusted.ranges_.clear();
    try {
        trusted.pattern_ =
            std::make_shared<const Pattern>(std::regex(std::string(text), std::regex::optimize));
    } catch (const std::regex_error& error) {
        return fail(
            Errc::invalid_argument,
            "trusted-proxies is neither a list of address ranges nor a regular expression: " +
                std::string(error.what())
        );
    }
    return trusted;
}

bool TrustedProxies::trusts(const runtime::Endpoint& peer) const {
    if (pattern_) return std::regex_match(peer.address(), pattern_->regex);
    return std::ranges::any_of(ranges_, [&](const AddressRange& range) { return range.contains(peer); });
}

namespace {

/// `host` and port of a Host field; an IPv6 address keeps its brackets.
struct Authority {
    std::string_view host;
    std::string_view port;
};

Authority split_authority(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.find(']', colon) != std::string_view::npos) return {text, {}};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

/// All values of that name that came in, in one line.
void append_inbound(const http::Fields& inbound, std::string_view name, std::string& line) {
    for (const auto& field : inbound) {
        if (!iequals(field.name, name) || field.value.empty()) continue;
        if (!line.empty()) line += ',';
        line += field.value;
    }
}

/// For a trusted peer, whose values are kept, appended to or replaced.
void write_element(
    const ForwardedElement& rule,
    const http::Fields& inbound,
    std::string_view name,
    std::string_view value,
    http::HeaderBlock& out
) {
    std::string line;
    if (!rule.enabled || rule.append) append_inbound(inbound, name, line);
    if (rule.enabled) {
        if (!line.empty()) line += ',';
        line += value;
    }
    if (!line.empty()) out.add_checked(name, line);
}

/// Writes one text after another into room that is there.
class Pen {
public:
    explicit Pen(char* at) noexcept : at_(at) {}

    Pen& operator<<(std::string_view text) noexcept {
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
        return *this;
    }

    [[nodiscard]] char* at() const noexcept { return at_; }

private:
    char* at_;
};

/// No name of a host is as long.
constexpr std::size_t longest_host = 300;
/// What a line, or all of them, has besides host and address.
constexpr std::size_t forwarded_line = 64;
constexpr std::size_t all_lines = 256;

/// `proto=http;host="a:8000";for="1.2.3.4:5"`: what is no token is quoted.
void put_forwarded_line(
    const ClientFacts& facts, std::string_view proto, std::string_view address, bool has_port, Pen& pen
) {
    std::array<char, 8> port{};
    const char* const port_end = std::to_chars(port.data(), port.data() + port.size(), facts.peer.port()).ptr;
    const bool v6 = facts.peer.is_v6();
    pen << "Forwarded: proto=" << proto;
    const bool odd_host = facts.host.size() > longest_host ||
                          std::ranges::any_of(facts.host, [](char c) { return c == '"' || c == '\\'; });
    if (!facts.host.empty() && !odd_host) {
        const bool token = !has_port && http::is_token(facts.host);  // a colon is none of its characters
        const std::string_view quote = token ? "" : "\"";
        pen << ";host=" << quote << facts.host << quote;
    }
    pen << ";for=\"" << (v6 ? "[" : "") << address << (v6 ? "]:" : ":")
        << std::string_view(port.data(), port_end) << "\"\r\n";
}

constexpr std::string_view x_forwarded = "x-forwarded-";

bool is_written_here(std::string_view name) {
    for (const auto* known : {"for", "host", "port", "proto", "prefix"}) {
        if (iequals(name.substr(x_forwarded.size()), known)) return true;
    }
    return false;
}

}  // namespace

void write_forwarded(
    const ForwardedConfig& config,
    const ClientFacts& facts,
    const http::Fields& inbound,
    http::HeaderBlock& out
) {
    if (facts.trusted) {
        // What is not written here passes as it came: the chain of Forwarded, names of others.
        for (const auto& field : inbound) {
            const bool other = istarts_with(field.name, x_forwarded) &&
                               (!config.x_forwarded || !is_written_here(field.name));
            if (other || iequals(field.name, "Forwarded")) out.add(field.name, field.value);
        }
    }
    const std::string address = facts.peer.address();
    const std::string_view proto = facts.secure ? "https" : "http";
    const Authority authority = split_authority(facts.host);
    const bool has_port = !authority.port.empty();
    const std::string_view usual_port = facts.secure ? "443" : "80";
    const std::string_view port = has_port ? authority.port : usual_port;
    const std::string_view host = port == usual_port ? authority.host : facts.host;
    if (facts.trusted) {
        if (config.forwarded)
            out.add_lines(forwarded_line + facts.host.size() + address.size(), [&](char* to) {
                Pen pen(to);
                put_forwarded_line(facts, proto, address, has_port, pen);
                return pen.at();
            });
        if (!config.x_forwarded) return;
        write_element(config.for_, inbound, "X-Forwarded-For", address, out);
        write_element(config.proto, inbound, "X-Forwarded-Proto", proto, out);
        write_element(config.port, inbound, "X-Forwarded-Port", port, out);
        if (!host.empty()) write_element(config.host, inbound, "X-Forwarded-Host", host, out);
        return;
    }
    out.add_lines(all_lines + 3 * facts.host.size() + 2 * address.size(), [&](char* to) {
        Pen pen(to);
        if (config.forwarded) put_forwarded_line(facts, proto, address, has_port, pen);
        if (!config.x_forwarded) return pen.at();
        if (config.for_.enabled) pen << "X-Forwarded-For: " << address << "\r\n";
        if (config.proto.enabled) pen << "X-Forwarded-Proto: " << proto << "\r\n";
        if (config.port.enabled) pen << "X-Forwarded-Port: " << port << "\r\n";
        if (config.host.enabled && !host.empty()) pen << "X-Forwarded-Host: " << host << "\r\n";
        return pen.at();
    });
}

void write_forwarded_prefix(
    const ForwardedConfig& config,
    const ClientFacts& facts,
    const http::Fields& inbound,
    std::string_view prefix,
    http::HeaderBlock& out
) {
    if (!config.x_forwarded) return;
    std::string line;
    const bool keep = facts.trusted && (config.prefix.append || !config.prefix.enabled);
    if (keep) append_inbound(inbound, "X-Forwarded-Prefix", line);
    if (config.prefix.enabled && !prefix.empty()) {
        if (!line.empty()) line += ',';
        line += prefix;
    }
    if (!line.empty()) out.set("X-Forwarded-Prefix", line);
}

}  // namespace flotilla::proxy
