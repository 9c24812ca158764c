#include "flotilla/tracing/propagation.hpp"

#include <gtest/gtest.h>

namespace flotilla::tracing {

namespace {

TEST(Propagation, WhatOneSideInjectsTheOtherExtracts) {
    const Propagator propagator;
    TraceContext context{.trace_high = 1, .trace_low = 2, .span_id = 3, .parent_id = 4, .sampled = true};
    OutgoingHeaders out;
    propagator.inject(context, nullptr, out);
    IncomingHeaders in;
    for (const auto& [name, value] : out) propagator.offer(in, name, value);
    const Extracted extracted = propagator.extract(in);
    EXPECT_EQ(extracted.context, context);
    EXPECT_EQ(extracted.source, Format::b3_multi);
}

}  // namespace

}  // namespace flotilla::tracing
