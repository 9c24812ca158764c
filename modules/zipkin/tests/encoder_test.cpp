#include "flotilla/zipkin/encoder.hpp"

#include <gtest/gtest.h>

#include <map>

#include "flotilla/base/encoding.hpp"
#include "flotilla/reflect/json.hpp"
#include "sample_spans.hpp"

namespace flotilla::zipkin {

namespace {

using testing::backend_span;
using tracing::SpanPtr;

std::string json_of(const tracing::SpanData& span, const LocalEndpoint& local = {}) {
    const Encoder encoder(Encoding::json_v2, local);
    std::string list;
    encoder.begin(list);
    encoder.append(list, span);
    encoder.end(list);
    return list;
}

TEST(JsonV2, IsTheSpecificationsExampleToTheByte) {
    const LocalEndpoint local{.service = "Backend", .ip = "192.168.99.1", .port = 3306};
    EXPECT_EQ(
        json_of(*backend_span(), local),
        R"([{"traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","id":"352bff9a74ca9ad2","kind":"SERVER",)"
        R"("name":"get /api","timestamp":1556604172355737,"duration":1431,)"
        R"("localEndpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306},)"
        R"("remoteEndpoint":{"ipv4":"172.19.0.2","port":58648},)"
        R"("annotations":[{"timestamp":1556604172355800,"value":"cache.miss"}],)"
        R"("tags":{"http.method":"GET","http.path":"/api"},"shared":true}])"
    );
}

TEST(JsonV2, LeavesOutWhatIsAbsent) {
    SpanPtr span = tracing::make_span();
    span->context.trace_high = 0x1;
    span->context.trace_low = 0x2;
    span->context.span_id = 0x2;
    EXPECT_EQ(
        json_of(*span),
        R"([{"traceId":"00000000000000010000000000000002","id":"0000000000000002","timestamp":0,"duration":1}])"
    );
}

TEST(JsonV2, PutsEachAddressIntoTheFieldOfItsFamily) {
    SpanPtr span = tracing::make_span();
    span->set_remote({.service = "mysql-shop", .ip = "2001:db8::1", .port = 3306});
    EXPECT_NE(
        json_of(*span).find(
            R"("remoteEndpoint":{"serviceName":"mysql-shop","ipv6":"2001:db8::1","port":3306})"
        ),
        std::string::npos
    );
    span->set_remote({.ip = "::ffff:10.0.0.7"});
    EXPECT_NE(json_of(*span).find(R"("remoteEndpoint":{"ipv4":"10.0.0.7"})"), std::string::npos);
}

TEST(JsonV2, NeverMarksAClientSpanAsShared) {
    SpanPtr span = backend_span();
    span->kind = tracing::SpanKind::client;
    span->context.debug = true;
    EXPECT_TRUE(json_of(*span).ends_with(R"("debug":true}])"));
}

TEST(JsonV2, EscapesTextAndReplacesWhatIsNoUtf8) {
    SpanPtr span = tracing::make_span();
    span->tag("say \"hi\"", "line\nbreak \xff \u2026");
    const std::string json = json_of(*span);
    const auto read = reflect::parse_json(json);
    ASSERT_TRUE(read) << json;
    const auto& tags = (*read)[0]["tags"];
    EXPECT_EQ(tags["say \"hi\""].string_or(""), "line\nbreak \ufffd \u2026");
}

TEST(JsonV2, SeparatesSpansByCommas) {
    const Encoder encoder(Encoding::json_v2, {});
    std::string list;
    encoder.begin(list);
    for (int i = 0; i < 3; ++i) encoder.append(list, *backend_span());
    encoder.end(list);
    const auto read = reflect::parse_json(list);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->size(), 3U);
    EXPECT_EQ(encoder.content_type(), "application/json");
}

/// The fields of one protobuf message, raw.
std::multimap<unsigned, std::string> fields_of(std::string_view bytes) {
    const auto varint = [&bytes] {
        std::uint64_t value = 0;
        for (unsigned shift = 0; !bytes.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) break;
        }
        return value;
    };
    std::multimap<unsigned, std::string> fields;
    while (!bytes.empty()) {
        const std::uint64_t key = varint();
        std::string value;
        if ((key & 7) == 0) {
            value = std::to_string(varint());
        } else {
            const std::size_t length = (key & 7) == 1 ? 8 : static_cast<std::size_t>(varint());
            value = bytes.substr(0, length);
            bytes.remove_prefix(std::min(length, bytes.size()));
        }
        fields.emplace(static_cast<unsigned>(key >> 3), value);
    }
    return fields;
}

std::string one(const std::multimap<unsigned, std::string>& fields, unsigned number) {
    const auto found = fields.find(number);
    return found == fields.end() ? "(absent)" : found->second;
}

TEST(Proto3, HasTheSameFields) {
    const Encoder encoder(Encoding::proto3, {.service = "backend", .ip = "2001:db8::1", .port = 3306});
    SpanPtr span = backend_span();
    span->context.debug = true;
    std::string list;
    encoder.begin(list);
    encoder.append(list, *span);
    encoder.append(list, *testing::span_number(7));
    encoder.end(list);
    EXPECT_EQ(encoder.content_type(), "application/x-protobuf");
    const auto spans = fields_of(list);
    ASSERT_EQ(spans.count(1), 2U);
    const auto fields = fields_of(spans.find(1)->second);
    EXPECT_EQ(to_hex(one(fields, 1)), "5af7183fb1d4cf5f");
    EXPECT_EQ(to_hex(one(fields, 2)), "6b221d5bc9e6496c");
    EXPECT_EQ(to_hex(one(fields, 3)), "352bff9a74ca9ad2");
    EXPECT_EQ(one(fields, 4), "2") << "SERVER";
    EXPECT_EQ(one(fields, 5), "get /api");
    EXPECT_EQ(to_hex(one(fields, 6)), "99c8bf26b9870500") << "little endian";
    EXPECT_EQ(one(fields, 7), "1431");
    const auto local = fields_of(one(fields, 8));
    EXPECT_EQ(one(local, 1), "backend");
    EXPECT_EQ(to_hex(one(local, 3)), "20010db8000000000000000000000001");
    EXPECT_EQ(one(local, 4), "3306");
    const auto remote = fields_of(one(fields, 9));
    EXPECT_EQ(to_hex(one(remote, 2)), "ac130002");
    EXPECT_EQ(one(fields_of(one(fields, 10)), 2), "cache.miss");
    ASSERT_EQ(fields.count(11), 2U);
    EXPECT_EQ(one(fields_of(one(fields, 11)), 1), "http.method");
    EXPECT_EQ(one(fields, 12), "1");
    EXPECT_EQ(one(fields, 13), "1");
}

}  // namespace

}  // namespace flotilla::zipkin
