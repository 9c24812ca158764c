#pragma once
/// tracestate as this module keeps it: our own member apart from those of others.

#include <string>
#include <string_view>

namespace flotilla::tracing::detail {

struct TraceStateParts {
    std::string_view b3;  ///< our own member's value, a part of the text that was read
    std::string others;   ///< short enough that our own can stand before it
};

/// Nothing at all when any member is malformed, as W3C asks.
TraceStateParts read_tracestate(std::string_view text);

}  // namespace flotilla::tracing::detail
