#include "flotilla/http/negotiation.hpp"

#include <gtest/gtest.h>

namespace flotilla::http {
namespace {

TEST(MediaType, GivesTheParts) {
    const auto media = MediaType::parse("Text/HTML; Charset=\"UTF-8\" ;x=\"a;\\\"b\"");
    ASSERT_TRUE(media);
    EXPECT_TRUE(media->is("text", "html"));
    EXPECT_EQ(media->charset(), "utf-8");
    EXPECT_EQ(media->parameter("X"), "a;\"b");
    EXPECT_EQ(media->parameter("y"), std::nullopt);
    for (const char* bad : {"", "text", "text/", "/html", "te xt/html", "text/html/x", ";", "*"}) {
        EXPECT_FALSE(MediaType::parse(bad)) << bad;
    }
}

TEST(MediaType, KnowsJsonUnderItsOtherNames) {
    EXPECT_TRUE(MediaType::parse("application/json;charset=utf-8")->is_json());
    EXPECT_TRUE(MediaType::parse("application/problem+JSON")->is_json());
    EXPECT_FALSE(MediaType::parse("application/+json")->is_json());
    EXPECT_FALSE(MediaType::parse("text/json")->is_json());
}

std::string best(std::string_view accept, std::vector<std::string_view> offers) {
    const auto index = best_media_type(accept, offers);
    return index ? std::string(offers[*index]) : "none";
}

TEST(Accept, PicksWhatTheClientLikesBest) {
    const std::vector<std::string_view> offers = {"application/json", "text/html", "text/plain"};
    EXPECT_EQ(best("", offers), "application/json");
    EXPECT_EQ(best("*/*", offers), "application/json");
    EXPECT_EQ(best("text/html", offers), "text/html");
    EXPECT_EQ(best("text/*", offers), "text/html");
    EXPECT_EQ(best("text/*;q=0.5, application/json;q=0.4", offers), "text/html");
    EXPECT_EQ(best("text/html,application/xhtml+xml,*/*;q=0.8", offers), "text/html");
    EXPECT_EQ(best("*/*, text/plain", offers), "text/plain");
    EXPECT_EQ(best("text/plain, application/json", offers), "text/plain");
    EXPECT_EQ(best("image/png", offers), "none");
    EXPECT_EQ(best("text/plain;q=0, */*;q=0.1", {"text/plain"}), "none");
    EXPECT_EQ(best("*/*;q=0", offers), "none");
}

// RFC 9110, 12.5.1.
TEST(Accept, FollowsTheExampleOfTheStandard) {
    const std::string_view accept =
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
    EXPECT_EQ(best(accept, {"text/plain;format=fixed", "text/html", "image/jpeg"}), "image/jpeg");
    EXPECT_EQ(best(accept, {"text/plain", "text/plain;format=flowed"}), "text/plain;format=flowed");
    EXPECT_EQ(best(accept, {"text/html", "text/plain"}), "text/plain");
    EXPECT_EQ(best(accept, {"text/html;level=3", "text/plain;format=fixed"}), "text/plain;format=fixed");
}

TEST(Accept, IgnoresMalformedParts) {
    EXPECT_EQ(best("bogus, text/html;q=x, text/plain;q=0.2", {"text/html", "text/plain"}), "text/plain");
    EXPECT_EQ(best("text/plain;q=2", {"text/plain"}), "none");
    EXPECT_EQ(best(",,text/plain;q=1.000,,", {"text/plain"}), "text/plain");
}

TEST(Accept, JoinsSeveralFields) {
    Fields fields;
    fields.add("Accept", "text/html;q=0.5");
    fields.add("Accept", "text/plain");
    const std::vector<std::string_view> offers = {"text/html", "text/plain"};
    EXPECT_EQ(best_media_type(fields, offers), 1u);
}

TEST(AcceptEncoding, PicksGzipWhereItIsWelcome) {
    using enum ContentCoding;
    EXPECT_EQ(best_content_coding(""), identity);
    EXPECT_EQ(best_content_coding("gzip"), gzip);
    EXPECT_EQ(best_content_coding("gzip, deflate, br"), gzip);
    EXPECT_EQ(best_content_coding("X-GZIP"), gzip);
    EXPECT_EQ(best_content_coding("*"), gzip);
    EXPECT_EQ(best_content_coding("br"), identity);
    EXPECT_EQ(best_content_coding("gzip;q=0"), identity);
    EXPECT_EQ(best_content_coding("gzip;q=0.5, identity"), identity);
    EXPECT_EQ(best_content_coding("gzip;q=0.5, identity;q=0.1"), gzip);
    EXPECT_EQ(best_content_coding("gzip;q=0, *"), identity);
    EXPECT_EQ(best_content_coding("identity;q=0"), std::nullopt);
    EXPECT_EQ(best_content_coding("identity;q=0, gzip"), gzip);
    EXPECT_EQ(best_content_coding("*;q=0"), std::nullopt);
    EXPECT_EQ(best_content_coding("*;q=0, identity"), identity);
    EXPECT_EQ(best_content_coding(Fields()), identity);
}

}  // namespace
}  // namespace flotilla::http
