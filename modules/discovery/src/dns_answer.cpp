#include "dns_answer.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "flotilla/base/text.hpp"

namespace flotilla::discovery {

namespace {

/// More than a fleet has, and less than would hurt.
constexpr std::size_t most_records = 10'000;

std::string without_dot(std::string name) {
    if (name.ends_with('.')) name.pop_back();
    return to_lower(name);
}

std::optional<SrvRecord> srv_of(const ns_msg& message, const ns_rr& record) {
    constexpr int fixed = 6;
    if (ns_rr_rdlen(record) <= fixed) return std::nullopt;
    const unsigned char* data = ns_rr_rdata(record);
    SrvRecord out;
    out.priority = static_cast<std::uint16_t>(ns_get16(data));
    out.weight = static_cast<std::uint16_t>(ns_get16(data + 2));
    out.port = static_cast<std::uint16_t>(ns_get16(data + 4));
    std::array<char, NS_MAXDNAME> name{};
    if (::ns_name_uncompress(
            ns_msg_base(message), ns_msg_end(message), data + fixed, name.data(), name.size()
        ) < 0)
        return std::nullopt;
    out.target = without_dot(name.data());
    return out;
}

std::optional<AddressRecord> address_of(const ns_rr& record) {
    const bool v6 = ns_rr_type(record) == ns_t_aaaa;
    if (ns_rr_rdlen(record) != (v6 ? 16 : 4)) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (!::inet_ntop(v6 ? AF_INET6 : AF_INET, ns_rr_rdata(record), text.data(), text.size()))
        return std::nullopt;
    return AddressRecord{without_dot(ns_rr_name(record)), text.data()};
}

}  // namespace

Result<DnsAnswer> parse_dns_answer(std::span<const unsigned char> message) {
    const Error malformed(Errc::malformed, "a malformed DNS answer");
    ns_msg parsed;
    if (message.size() > NS_MAXMSG ||
        ::ns_initparse(message.data(), static_cast<int>(message.size()), &parsed) < 0)
        return fail(malformed);
    const int code = ns_msg_getflag(parsed, ns_f_rcode);
    if (code == ns_r_nxdomain) return DnsAnswer{};
    if (code != ns_r_noerror) return fail(Errc::unavailable, "DNS answers with code " + std::to_string(code));
    DnsAnswer out;
    std::uint32_t shortest = std::numeric_limits<std::uint32_t>::max();
    for (const ns_sect section : {ns_s_an, ns_s_ar}) {
        const int count = ns_msg_count(parsed, section);
        for (int i = 0; i < count; ++i) {
            ns_rr record;
            if (::ns_parserr(&parsed, section, i, &record) < 0) return fail(malformed);
            const int type = ns_rr_type(record);
            if (type == ns_t_srv && section == ns_s_an) {
                auto srv = srv_of(parsed, record);
                if (!srv) return fail(malformed);
                out.services.push_back(*std::move(srv));
            } else if (type == ns_t_a || type == ns_t_aaaa) {
                auto address = address_of(record);
                if (!address) return fail(malformed);
                out.addresses.push_back(*std::move(address));
            } else {
                continue;
            }
            if (section == ns_s_an) shortest = std::min<std::uint32_t>(shortest, ns_rr_ttl(record));
            if (out.services.size() + out.addresses.size() > most_records)
                return fail(Errc::limit_exceeded, "a DNS answer with too many records");
        }
    }
    if (shortest != std::numeric_limits<std::uint32_t>::max())
        out.time_to_live = std::chrono::seconds(shortest);
    return out;
}

}  // namespace flotilla::discovery
