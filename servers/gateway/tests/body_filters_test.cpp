// Filters that see bodies as a whole.

#include <gtest/gtest.h>

#include "shot.hpp"

namespace flotilla::gateway {
namespace {

/// What a client gets of an answer like that; the status when it is no success.
std::string answered(
    const std::string& filter, std::string body, std::string_view type = "application/json;charset=utf-8"
) {
    const auto table = with_filters({filter});
    Shot shot("GET /a");
    if (!send(*table, shot)) return "answered";
    shot.response.set_body(type, std::move(body));
    Answer answer(shot.response);
    answer.held = true;
    table->routes().front().after(*shot, answer);
    return answer.failure != 0 ? std::to_string(answer.failure) : std::string(*shot.response.text());
}

TEST(BodyFilters, AttributesAreRemovedFromTheTopAlone) {
    EXPECT_EQ(
        answered(
            "RemoveJsonAttributesResponseBody=secret, id",
            R"({ "id": 7, "name": "주문", "inner": {"secret": 1, "x": [1, 2.5, null, true]}, "secret": "s" })"
        ),
        R"({"name":"주문","inner":{"secret":1,"x":[1,2.5,null,true]}})"
    );
}

TEST(BodyFilters, AttributesAreRemovedEverywhereWhenAskedFor) {
    EXPECT_EQ(
        answered(
            "RemoveJsonAttributesResponseBody=secret, true",
            R"([{"secret":1,"a":{"secret":2,"b":[{"secret":{},"c":1}]}}])"
        ),
        R"([{"a":{"b":[{"c":1}]}}])"
    );
}

TEST(BodyFilters, WhatIsNoJsonStaysAsItIs) {
    EXPECT_EQ(
        answered("RemoveJsonAttributesResponseBody=a", R"({ "a": 1 })", "application/problem+json"),
        R"({ "a": 1 })"
    );
    EXPECT_EQ(answered("RemoveJsonAttributesResponseBody=a", ""), "");
}

TEST(BodyFilters, JsonThatIsNoneIsAnError) {
    EXPECT_EQ(answered("RemoveJsonAttributesResponseBody=a", R"({"a":)"), "500");
}

TEST(BodyFilters, TheServiceIsAskedForAWholeAnswerThatCanBeRead) {
    const auto table = with_filters({"RemoveJsonAttributesResponseBody=a"});
    Shot shot("GET /a", {.headers = "Range: bytes=0-1\r\nAccept-Encoding: br, gzip\r\n"});
    ASSERT_TRUE(send(*table, shot));
    EXPECT_EQ(shot.outgoing.text(), "Accept-Encoding: gzip\r\n");
}

TEST(BodyFilters, ARouteHoldsWhatAnyOfItsFiltersAskedFor) {
    const auto table = with_filters(
        {"CacheRequestBody=64KB",
         "CacheRequestBody=1KB",
         "CacheRequestBody",
         "RemoveJsonAttributesResponseBody=a",
         "{name: RemoveJsonAttributesResponseBody, args: {fieldList: b, maxSize: 3MB}}"}
    );
    const RoutePolicies& policies = table->routes().front().policies();
    EXPECT_EQ(policies.held_request, 1024U);
    EXPECT_EQ(policies.held_answer->most, std::uint64_t{3} << 20);
    EXPECT_TRUE(policies.held_answer->covers("application/json"));
    EXPECT_TRUE(policies.held_answer->covers("Application/JSON ; charset=utf-8"));
    EXPECT_FALSE(policies.held_answer->covers("text/plain"));
    EXPECT_FALSE(policies.held_answer->covers(""));
}

TEST(BodyFilters, WhoWantsEveryBodyDoesNotGetStreams) {
    RoutePolicies policies;
    policies.hold_answer({.media_types = {"text/plain"}});
    policies.hold_answer({});
    EXPECT_TRUE(policies.held_answer->covers("image/png"));
    EXPECT_TRUE(policies.held_answer->covers(""));
    EXPECT_FALSE(policies.held_answer->covers("text/event-stream;charset=UTF-8"));
}

TEST(BodyFilters, ABodyCanBeReplaced) {
    Shot shot("POST /a");
    EXPECT_FALSE(shot->body());
    shot->set_body("seen");
    EXPECT_EQ(shot->body(), "seen");
    shot->set_body("");
    EXPECT_EQ(shot->body(), "");
}

TEST(BodyFilters, ArgumentsThatMakeNoSenseAreErrors) {
    const auto refusal = [](std::string_view filter) {
        return refusal_of(
            "routes:\n- {id: r, uri: 'http://up:80', predicates: [Path=/a], filters: [" +
            std::string(filter) + "]}\n"
        );
    };
    EXPECT_NE(refusal("CacheRequestBody=many"), "");
    EXPECT_NE(refusal("RemoveJsonAttributesResponseBody"), "");
    EXPECT_NE(
        refusal("{name: RemoveJsonAttributesResponseBody, args: {fieldList: a, deleteRecursively: 7}}"), ""
    );
}

}  // namespace
}  // namespace flotilla::gateway
