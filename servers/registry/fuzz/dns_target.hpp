#pragma once
/// Any bytes as a DNS message: the reply keeps its limit, says what was asked, and can be told from a query.

#include <cstdlib>

#include "flotilla/registry/dns_answers.hpp"

namespace flotilla::registry::testing {

inline void answer_any(std::string_view input) {
    static InstanceRegistry& registry = *[] {
        const Moment start{TimePoint{std::chrono::hours{1}}, 1};
        static InstanceRegistry filled({}, Random(1), start);
        for (const char* id : {"1", "2", "3", "4", "5"}) {
            InstanceInfo instance;
            instance.app = "USER-SERVICE";
            instance.instance_id = id;
            instance.host_name = "h1";
            instance.ip_addr = std::string("10.0.0.") + id;
            instance.metadata = {{"zone", "a"}};
            static_cast<void>(filled.enroll(std::move(instance), Origin::client, start));
        }
        return &filled;
    }();
    Random random(1);
    const Moment at{TimePoint{std::chrono::hours{1}}, 1};
    for (const Transport transport : {Transport::udp, Transport::tcp}) {
        const std::string reply = serve_dns(input, {}, registry, random, transport, at);
        if (reply.empty()) continue;
        if (reply.size() < 12 || reply.size() > (transport == Transport::udp ? 4096U : 65'535U)) std::abort();
        if (reply.substr(0, 2) != input.substr(0, 2)) std::abort();
        if ((static_cast<unsigned char>(reply[2]) & 0x80) == 0) std::abort();
        // A reply is no query: two servers cannot keep each other busy.
        if (!serve_dns(reply, {}, registry, random, transport, at).empty()) std::abort();
    }
}

}  // namespace flotilla::registry::testing
