#pragma once
/// Any text as each XML document: what is accepted can be written.

#include <cstdlib>

#include "flotilla/eureka/codec.hpp"

namespace flotilla::eureka::testing {

inline void read_xml(std::string_view input) {
    if (const auto instance = decode_instance(input, Format::xml)) {
        if (instance->data_center_info) {
            const auto again =
                decode_instance(encode(*instance, Format::json), Format::json, registry_limits);
            if (!again && instance->data_center_info->name != DataCenter::unnamed) std::abort();
        }
        // a control character of a reference cannot be written so that XML 1.0 takes it
        static_cast<void>(decode_instance(encode(*instance, Format::xml), Format::xml));
    }
    if (const auto applications = decode_applications(input, Format::xml))
        static_cast<void>(encode(*applications, Format::xml, Detail::compact));
}

}  // namespace flotilla::eureka::testing
