#pragma once
/// Any text as each JSON document: what is accepted is the same after it was written and read again.

#include <cstdlib>

#include "flotilla/eureka/codec.hpp"
#include "flotilla/eureka/replication.hpp"

namespace flotilla::eureka::testing {

inline void round_trip(const InstanceInfo& instance) {
    const auto again = decode_instance(encode(instance, Format::json), Format::json, registry_limits);
    if (!again || encode(*again, Format::json) != encode(instance, Format::json)) std::abort();
}

inline void read_json(std::string_view input) {
    if (const auto instance = decode_instance(input, Format::json)) round_trip(*instance);
    if (const auto applications = decode_applications(input, Format::json)) {
        for (const Detail detail : {Detail::full, Detail::compact})
            if (!decode_applications(encode(*applications, Format::json, detail), Format::json)) std::abort();
    }
    if (const auto items = decode_replication(input)) {
        if (!decode_replication(encode_replication(*items))) std::abort();
    }
    if (const auto answers = decode_replication_answers(input)) {
        if (!decode_replication_answers(encode_replication_answers(*answers))) std::abort();
    }
}

}  // namespace flotilla::eureka::testing
