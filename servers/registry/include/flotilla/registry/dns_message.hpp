#pragma once
/// DNS messages (RFC 1035, with EDNS0 of RFC 6891): queries read strictly, answers written.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::registry {

enum class DnsType : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    ptr = 12,
    txt = 16,
    aaaa = 28,
    srv = 33,
    opt = 41,
    any = 255
};

enum class DnsCode : std::uint8_t {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    name_error = 3,
    not_implemented = 4,
    refused = 5
};

struct DnsQuery {
    std::uint16_t id = 0;
    bool recursion_desired = false;
    std::string name;      ///< lower case, dots between labels, none at the end
    std::string question;  ///< its bytes, to be repeated as they came
    DnsType type = DnsType::a;
    std::uint16_t klass = 1;
    std::optional<std::uint16_t> edns_size = {};  ///< how much UDP the asker can take, when he says so
};

/// A message as received. `query` is there when it is one; otherwise `refusal` is what to answer, and with
/// neither there is nothing to be answered: too short, or itself an answer.
struct DnsInput {
    std::optional<DnsQuery> query;
    std::string refusal;
};

/// Never trusts a length, follows no compression pointer (a question has none) and looks at a few additional
/// records at most.
DnsInput read_dns(std::string_view message);

struct DnsRecord {
    std::string name;  ///< as in DnsQuery
    DnsType type = DnsType::a;
    std::string data;  ///< as it is on the wire
};

struct DnsReply {
    DnsCode code = DnsCode::no_error;
    std::vector<DnsRecord> answers = {};
    std::vector<DnsRecord> authority = {};
    std::vector<DnsRecord> additional = {};
    bool truncated = false;
};

/// A name as it is in data: labels with their lengths. Nothing for one that cannot be written.
std::optional<std::string> dns_name(std::string_view name);
/// Data of A and AAAA: 4 or 16 bytes; nothing for what is no address.
std::optional<std::string> dns_address(std::string_view text, DnsType type);
std::string dns_srv(
    std::uint16_t priority, std::uint16_t weight, std::uint16_t port, std::string_view target
);
std::string dns_soa(std::string_view server, std::string_view person, std::uint32_t serial);

/// The reply to a query in at most `limit` bytes: additional records go first, then answers, which sets the
/// truncation bit.
std::string write_dns(const DnsQuery& query, const DnsReply& reply, std::uint32_t ttl, std::size_t limit);

}  // namespace flotilla::registry
