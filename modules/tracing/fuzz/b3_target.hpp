#pragma once
/// One input for every reader of trace headers: lines `name: value`, as a peer might send them.

#include <cstdlib>
#include <string_view>

#include "flotilla/base/text.hpp"
#include "flotilla/tracing/propagation.hpp"

namespace flotilla::tracing {

/// Reads the input as headers; what is read must survive being written and read again. Aborts when it does
/// not.
inline void read_trace_headers(std::string_view input) {
    static const Propagator propagator({
        .produce = {Format::b3, Format::b3_multi, Format::w3c},
        .baggage = {.remote_fields = {"user-id", "tenant"}, .local_fields = {"note"}},
    });
    IncomingHeaders in;
    for (const std::string_view line : split(input, '\n')) {
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos)
            propagator.offer(in, line.substr(0, colon), trim(line.substr(colon + 1)));
        static_cast<void>(parse_b3_single(line));
        static_cast<void>(parse_traceparent(line));
        static_cast<void>(write_tracestate({.trace_low = 1, .span_id = 1}, line));
    }
    const Extracted extracted = propagator.extract(in);
    if (!extracted.has_ids()) return;
    OutgoingHeaders out;
    propagator.inject(extracted.context, extracted.fields.get(), out);
    IncomingHeaders again;
    for (const auto& [name, value] : out) {
        if (value.find_first_of("\r\n") != std::string_view::npos) std::abort();
        propagator.offer(again, name, value);
    }
    const Extracted twice = propagator.extract(again);
    const TraceContext& a = extracted.context;
    const TraceContext& b = twice.context;
    if (a.trace_high != b.trace_high || a.trace_low != b.trace_low || a.span_id != b.span_id ||
        a.parent_id != b.parent_id || a.sampled != b.sampled || a.debug != b.debug)
        std::abort();
    const bool fields_equal = extracted.fields && twice.fields ? *extracted.fields == *twice.fields
                                                               : extracted.fields == twice.fields;
    if (!fields_equal) std::abort();
}

}  // namespace flotilla::tracing
