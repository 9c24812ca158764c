#pragma once
// What a DNS answer says, out of its octets.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::discovery {

struct SrvRecord {
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string target;

    friend bool operator==(const SrvRecord&, const SrvRecord&) = default;
};

struct AddressRecord {
    std::string name;
    std::string address;

    friend bool operator==(const AddressRecord&, const AddressRecord&) = default;
};

struct DnsAnswer {
    std::vector<SrvRecord> services;
    /// Of the answer and, for targets of services, of the additional section.
    std::vector<AddressRecord> addresses;
    std::chrono::seconds time_to_live{0};  ///< the shortest of the answer's
};

/// A message that lies about its lengths, or points in circles, is malformed. One that says that there is no
/// such name has no records.
Result<DnsAnswer> parse_dns_answer(std::span<const unsigned char> message);

}  // namespace flotilla::discovery
