#include "flotilla/tracing/propagation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "flotilla/base/random.hpp"

namespace flotilla::tracing {

namespace {

constexpr std::string_view trace128 = "5e8eeec48b08e26882aba313eb08f0a4";
constexpr std::string_view span16 = "dcc1df555b5777b3";

std::string single(std::string_view tail) {
    return std::string(trace128) + "-" + std::string(span16) + std::string(tail);
}

std::string traceparent(std::string_view version, std::string_view flags, std::string_view tail = "") {
    return std::string(version) + "-" + single("-") + std::string(flags) + std::string(tail);
}

IncomingHeaders multi(std::string_view trace, std::string_view span) {
    IncomingHeaders headers;
    headers.b3_trace_id = trace;
    headers.b3_span_id = span;
    return headers;
}

TEST(B3Single, ReadsEachOfItsShapes) {
    struct Row {
        std::string text;
        Decision decision;
        std::uint64_t parent;
    };

    const Row rows[] = {
        {single(""), Decision::none, 0},
        {single("-1"), Decision::accept, 0},
        {single("-0"), Decision::deny, 0},
        {single("-d"), Decision::debug, 0},
        {single("-1-00000000000000ab"), Decision::accept, 0xab},
        {single("-00000000000000ab"), Decision::none, 0xab},
        {single("-1-0000000000000000"), Decision::accept, 0},
    };
    for (const Row& row : rows) {
        const auto read = parse_b3_single(row.text);
        ASSERT_TRUE(read) << row.text;
        EXPECT_EQ(read->decision, row.decision) << row.text;
        EXPECT_EQ(read->context.trace_high, 0x5e8eeec48b08e268U) << row.text;
        EXPECT_EQ(read->context.trace_low, 0x82aba313eb08f0a4U) << row.text;
        EXPECT_EQ(read->context.span_id, 0xdcc1df555b5777b3U) << row.text;
        EXPECT_EQ(read->context.parent_id, row.parent) << row.text;
        EXPECT_EQ(read->context.debug, row.decision == Decision::debug) << row.text;
    }
}

TEST(B3Single, ReadsALoneDecision) {
    EXPECT_EQ(parse_b3_single("0")->decision, Decision::deny);
    EXPECT_EQ(parse_b3_single("1")->decision, Decision::accept);
    EXPECT_EQ(parse_b3_single("d")->decision, Decision::debug);
    EXPECT_FALSE(parse_b3_single("d")->has_ids());
}

TEST(B3Single, RefusesWhatIsMalformed) {
    const std::string rows[] = {
        "",
        "-",
        "2",
        "true",
        "D",
        std::string(trace128),
        single("-"),
        single("-1-"),
        single("-true"),
        single("-2"),
        single("-1-00000000000000a"),
        single("-1-00000000000000abc"),
        single("-00000000000000ab-1"),
        single("-1-00000000000000AB"),
        "5E8eeec48b08e26882aba313eb08f0a4-" + std::string(span16),
        "e8eeec48b08e26882aba313eb08f0a4-" + std::string(span16),
        std::string(16, '0') + "-" + std::string(span16) + "-1",
        std::string(32, '0') + "-" + std::string(span16) + "-1",
        std::string(trace128) + "-" + std::string(16, '0') + "-1",
        std::string(trace128) + "-dcc1df555b5777b-1",
        single("-1") + " ",
        " " + single("-1"),
    };
    for (const std::string& row : rows) EXPECT_FALSE(parse_b3_single(row)) << '"' << row << '"';
}

TEST(B3Single, EveryPrefixIsReadSafely) {
    const std::string whole = single("-1-00000000000000ab");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const bool complete = length == 1 ? false : length == 49 || length == 51;
        EXPECT_EQ(parse_b3_single(whole.substr(0, length)).has_value(), complete) << length;
    }
}

TEST(B3Multi, PadsShortIdsOnTheLeft) {
    const auto read = parse_b3_multi(multi("abc", "1"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->context.trace_low, 0xabcU);
    EXPECT_EQ(read->context.span_id, 1U);
    const auto longer = parse_b3_multi(multi("10000000000000abc", "1"));
    ASSERT_TRUE(longer);
    EXPECT_EQ(longer->context.trace_high, 1U);
    EXPECT_EQ(longer->context.trace_low, 0xabcU);
}

TEST(B3Multi, AnyMalformedIdSpoilsAllTheHeaders) {
    EXPECT_FALSE(parse_b3_multi(multi(trace128, "")));
    EXPECT_FALSE(parse_b3_multi(multi(trace128, "DCC1df555b5777b3")));
    EXPECT_FALSE(parse_b3_multi(multi("", span16)));
    EXPECT_FALSE(parse_b3_multi(multi("5E8eeec48b08e268", span16)));
    EXPECT_FALSE(parse_b3_multi(multi("0", span16)));
    EXPECT_FALSE(parse_b3_multi(multi(trace128, "0")));
    EXPECT_FALSE(parse_b3_multi(multi("05e8eeec48b08e26882aba313eb08f0a4", span16)));
    EXPECT_FALSE(parse_b3_multi(multi(trace128, std::string_view{})));
    for (const std::string_view parent : {"", "-", "AB", "g"}) {
        IncomingHeaders headers = multi(trace128, span16);
        headers.b3_parent_span_id = parent;
        headers.b3_sampled = "1";
        EXPECT_FALSE(parse_b3_multi(headers)) << '"' << parent << '"';
    }
}

TEST(B3Multi, ReadsTheDecision) {
    struct Row {
        std::string_view sampled;
        std::string_view flags;
        Decision decision;
    };

    const Row rows[] = {
        {"1", {}, Decision::accept},
        {"0", {}, Decision::deny},
        {"true", {}, Decision::accept},
        {"false", {}, Decision::deny},
        {"yes", {}, Decision::none},
        {"", {}, Decision::none},
        {"0", "1", Decision::debug},
        {{}, "1", Decision::debug},
        {"1", "2", Decision::accept},
        {{}, "0", Decision::none},
        {{}, "true", Decision::none},
        {"d", {}, Decision::none},
    };
    for (const Row& row : rows) {
        IncomingHeaders headers = multi(trace128, span16);
        headers.b3_sampled = row.sampled;
        headers.b3_flags = row.flags;
        EXPECT_EQ(parse_b3_multi(headers)->decision, row.decision) << row.sampled << "/" << row.flags;
    }
}

TEST(B3Multi, AZeroParentIsNoParent) {
    IncomingHeaders headers = multi(trace128, span16);
    headers.b3_parent_span_id = "0000000000000000";
    EXPECT_EQ(parse_b3_multi(headers)->context.parent_id, 0U);
}

TEST(W3C, TestsTheBitsOfTheFlags) {
    for (const auto& [flags, decision, random] :
         {std::tuple{"00", Decision::deny, false},
          {"01", Decision::accept, false},
          {"02", Decision::deny, true},
          {"03", Decision::accept, true},
          {"ff", Decision::accept, true},
          {"fc", Decision::deny, false}}) {
        const auto read = parse_traceparent(traceparent("00", flags));
        ASSERT_TRUE(read) << flags;
        EXPECT_EQ(read->decision, decision) << flags;
        EXPECT_EQ(read->context.w3c_random, random) << flags;
    }
}

TEST(W3C, RefusesWhatIsMalformed) {
    const std::string rows[] = {
        "",
        traceparent("ff", "01"),
        traceparent("00", "01", "-"),
        traceparent("00", "01", "-extra"),
        traceparent("01", "01", "x"),
        traceparent("00", "0"),
        traceparent("00", "0g"),
        traceparent("00", "0A"),
        traceparent("0A", "01"),
        traceparent("0", "01"),
        "00-5E8eeec48b08e26882aba313eb08f0a4-dcc1df555b5777b3-01",
        "00-00000000000000000000000000000000-dcc1df555b5777b3-01",
        "00-5e8eeec48b08e26882aba313eb08f0a4-0000000000000000-01",
        "00_5e8eeec48b08e26882aba313eb08f0a4-dcc1df555b5777b3-01",
        "00-5e8eeec48b08e26882aba313eb08f0a4_dcc1df555b5777b3-01",
        "00-5e8eeec48b08e26882aba313eb08f0a4-dcc1df555b5777b3_01",
    };
    for (const std::string& row : rows) EXPECT_FALSE(parse_traceparent(row)) << row;
    EXPECT_TRUE(parse_traceparent(traceparent("01", "01")));
    EXPECT_TRUE(parse_traceparent(traceparent("cc", "01", "-what-ever")));
}

TEST(W3C, OurMemberOfTheStateComesFirst) {
    const TraceContext context{.trace_low = 1, .span_id = 2, .sampled = true};
    const std::string ours = "b3=0000000000000001-0000000000000002-1";
    EXPECT_EQ(write_tracestate(context, ""), ours);
    EXPECT_EQ(write_tracestate(context, "a=1, b=2"), ours + ",a=1,b=2");
    EXPECT_EQ(write_tracestate(context, "a=1,b3=0,b=2"), ours + ",a=1,b=2");
    EXPECT_EQ(write_tracestate(context, "a=1,,b@x=2,"), ours + ",a=1,b@x=2");
    EXPECT_EQ(write_tracestate(context, "A=1,b=2"), ours) << "a malformed member spoils the list";
    EXPECT_EQ(write_tracestate(context, "a=1\r\nx: y"), ours);
}

TEST(W3C, TheStateIsCutWithinItsLimits) {
    const TraceContext context{.trace_low = 1, .span_id = 2, .sampled = true};
    std::string many;
    for (int i = 0; i < 40; ++i) many += "k" + std::to_string(i) + "=v,";
    const std::string written = write_tracestate(context, many);
    EXPECT_EQ(std::ranges::count(written, '='), 32);
    EXPECT_TRUE(written.ends_with("k30=v"));

    const std::string long_member = "long=" + std::string(140, 'x');
    std::string list = long_member;
    for (int i = 0; i < 10; ++i) list += ",m" + std::to_string(i) + "=" + std::string(37, 'y');
    const std::string cut = write_tracestate(context, list);
    EXPECT_LE(cut.size(), 512U);
    EXPECT_FALSE(cut.contains("long=")) << "members over 128 characters go first";
    EXPECT_TRUE(cut.contains("m9=")) << "and then there is room for the others";
}

TEST(Propagation, WhatOneSideInjectsTheOtherExtracts) {
    Random random(11);
    for (const Format format : {Format::b3, Format::b3_multi, Format::w3c}) {
        const Propagator propagator({.produce = {format}});
        for (int i = 0; i < 200; ++i) {
            const TraceContext context{
                .trace_high = i % 2 == 0 ? random() : 0,
                .trace_low = random() | 1,
                .span_id = random() | 1,
                .parent_id = format == Format::w3c || i % 3 == 0 ? 0 : random(),
                .sampled = i % 5 != 0,
                .w3c_random = format == Format::w3c && i % 7 == 0,
            };
            OutgoingHeaders out;
            propagator.inject(context, nullptr, out);
            IncomingHeaders in;
            for (const auto& [name, value] : out) propagator.offer(in, name, value);
            const Extracted extracted = propagator.extract(in);
            EXPECT_EQ(extracted.context, context);
            EXPECT_EQ(extracted.source, format);
            EXPECT_EQ(extracted.decision, context.sampled ? Decision::accept : Decision::deny);
        }
    }
}

TEST(Propagation, LinesOfAHeadSayWhatTheHeadersSay) {
    Random random(11);
    TaskFields with_fields;
    with_fields.trace_state = "congo=t61";
    with_fields.fields.push_back({.name = "x-request-id", .value = "7", .remote = true, .in_log = false});
    for (const auto& produce : std::vector<std::vector<Format>>{
             {Format::b3}, {Format::b3_multi}, {Format::w3c}, {Format::w3c, Format::b3_multi, Format::b3}, {}
         }) {
        const Propagator propagator({.produce = produce, .baggage = {.remote_fields = {"x-request-id"}}});
        for (int i = 0; i < 200; ++i) {
            const TraceContext context{
                .trace_high = i % 2 == 0 ? random() : 0,
                .trace_low = i == 0 ? 0 : random() | 1,
                .span_id = random() | 1,
                .parent_id = i % 3 == 0 ? 0 : random(),
                .sampled = i % 5 != 0,
                .debug = i % 11 == 0,
                .w3c_random = i % 7 == 0,
            };
            const TaskFields* const fields = i % 13 == 1 ? &with_fields : nullptr;
            OutgoingHeaders headers;
            propagator.inject(context, fields, headers);
            std::string expected = "GET / HTTP/1.1\r\n";
            std::string lines = expected;
            for (const auto& [name, value] : headers)
                expected.append(name).append(": ").append(value).append("\r\n");
            propagator.append_lines(context, fields, lines);
            EXPECT_EQ(lines, expected);
        }
    }
}

TEST(Propagation, TriesTheFormatsInOrderUntilOneIsSound) {
    IncomingHeaders headers = multi("abc", "1");
    const std::string parent = traceparent("00", "01");
    headers.b3 = "rubbish";
    headers.traceparent = parent;
    const Propagator usual;
    EXPECT_EQ(usual.extract(headers).source, Format::b3_multi);
    const Propagator boot({.consume = {Format::w3c, Format::b3, Format::b3_multi}});
    EXPECT_EQ(boot.extract(headers).source, Format::w3c);
    headers.b3_trace_id = "rubbish";
    EXPECT_EQ(usual.extract(headers).source, Format::w3c);
    headers.traceparent = "rubbish";
    EXPECT_FALSE(usual.extract(headers).source);
}

TEST(Propagation, DebugSurvivesAHopThatSpeaksW3COnly) {
    const Propagator propagator({.consume = {Format::w3c}, .produce = {Format::w3c}});
    const TraceContext context{.trace_low = 1, .span_id = 2, .sampled = true, .debug = true};
    OutgoingHeaders out;
    propagator.inject(context, nullptr, out);
    IncomingHeaders in;
    for (const auto& [name, value] : out) propagator.offer(in, name, value);
    EXPECT_EQ(propagator.extract(in).decision, Decision::debug);
    in.tracestate = "b3=0000000000000009-0000000000000002-d";
    EXPECT_EQ(propagator.extract(in).decision, Decision::accept) << "a member of another trace says nothing";
}

TEST(Propagation, TheCallersStateIsPassedOn) {
    const Propagator propagator({.produce = {Format::w3c}});
    IncomingHeaders in;
    const std::string parent = traceparent("00", "01");
    propagator.offer(in, "traceparent", parent);
    propagator.offer(in, "TraceState", "congo=t61");
    propagator.offer(in, "tracestate", "rojo=1");
    const Extracted extracted = propagator.extract(in);
    OutgoingHeaders out;
    propagator.inject(extracted.context, extracted.fields.get(), out);
    EXPECT_EQ(out.find("tracestate"), "b3=" + single("-1") + ",congo=t61,rojo=1");

    const std::string invalid = "ff" + parent.substr(2);
    in.traceparent = invalid;
    EXPECT_EQ(propagator.extract(in).fields, nullptr) << "without a sound traceparent the state is not read";
}

TEST(Propagation, MessagingHasTheSingleHeaderWithoutParent) {
    const Propagator propagator;
    const TraceContext context{.trace_low = 1, .span_id = 2, .parent_id = 3, .sampled = true};
    OutgoingHeaders out;
    propagator.inject_messaging(context, nullptr, out);
    ASSERT_EQ(out.all().size(), 1U);
    EXPECT_EQ(out.find("b3"), "0000000000000001-0000000000000002-1");

    const Propagator lower({.produce_messaging = {Format::b3_multi}});
    OutgoingHeaders record;
    lower.inject_messaging(context, nullptr, record);
    EXPECT_EQ(record.find("x-b3-traceid"), "0000000000000001");
}

TEST(Propagation, TheSingleHeaderOfHttpHasTheParent) {
    const Propagator propagator({.produce = {Format::b3}});
    OutgoingHeaders out;
    propagator.inject({.trace_low = 1, .span_id = 2, .parent_id = 3, .sampled = true}, nullptr, out);
    EXPECT_EQ(out.find("b3"), "0000000000000001-0000000000000002-1-0000000000000003");
}

TEST(Propagation, WithoutATraceNothingIsInjected) {
    OutgoingHeaders out;
    Propagator().inject({}, nullptr, out);
    EXPECT_TRUE(out.all().empty());
}

TEST(Headers, NamesInAnyCaseAndTheFirstValueWins) {
    IncomingHeaders headers;
    EXPECT_TRUE(headers.offer("X-B3-TRACEID", "1"));
    EXPECT_TRUE(headers.offer("x-b3-traceid", "2"));
    EXPECT_TRUE(headers.offer("B3", ""));
    EXPECT_TRUE(headers.offer("b3", "0"));
    EXPECT_FALSE(headers.offer("x-b3-other", "1"));
    EXPECT_FALSE(headers.offer("", "1"));
    EXPECT_FALSE(headers.offer("Host", "h"));
    EXPECT_EQ(headers.b3_trace_id, "1");
    EXPECT_EQ(headers.b3, "");
    EXPECT_NE(headers.b3.data(), nullptr);
}

TEST(Headers, MoreThanTheUsualNumberStillFits) {
    const Propagator propagator(
        {.produce = {Format::b3, Format::b3_multi, Format::w3c, Format::b3, Format::w3c}}
    );
    const TraceContext context{
        .trace_high = 9, .trace_low = 1, .span_id = 2, .parent_id = 3, .sampled = true
    };
    OutgoingHeaders out;
    for (int i = 0; i < 10; ++i) propagator.inject(context, nullptr, out);
    for (const auto& [name, value] : out) {
        if (name == "b3") {
            EXPECT_EQ(parse_b3_single(value)->context, context);
        }
    }
}

TEST(Formats, HaveTheNamesOfConfiguration) {
    EXPECT_EQ(parse_format("b3"), Format::b3);
    EXPECT_EQ(parse_format(" B3-Multi "), Format::b3_multi);
    EXPECT_EQ(parse_format("w3c"), Format::w3c);
    EXPECT_FALSE(parse_format("jaeger"));
}

}  // namespace

}  // namespace flotilla::tracing
