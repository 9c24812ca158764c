#include "flotilla/http/fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "flotilla/base/text.hpp"

namespace flotilla::http {
namespace {

TEST(KnownField, RecognisesEachNameInAnyCase) {
    for (std::size_t i = 1; i < known_field_count; ++i) {
        const auto field = static_cast<KnownField>(i);
        EXPECT_EQ(known_field(to_text(field)), field) << to_text(field);
        EXPECT_EQ(known_field(to_upper(to_text(field))), field) << to_text(field);
        EXPECT_EQ(known_field(std::string(to_text(field)) + "x"), KnownField::none);
        EXPECT_EQ(known_field(to_text(field).substr(1)), KnownField::none);
    }
}

TEST(KnownField, DoesNotConfuseNeighbours) {
    for (const std::string_view name : {"hosu", "x-forwarded-forr", "content-lengtj", "tf", "b4", "", "x"}) {
        EXPECT_EQ(known_field(name), KnownField::none) << name;
    }
    EXPECT_EQ(known_field("Content_Length"), KnownField::none);
}

TEST(Fields, FindsWithoutCaseAndKeepsOrder) {
    Fields fields;
    fields.add("X-One", "1");
    fields.add("Accept", "text/html");
    fields.add("x-one", "2");
    fields.add("accept", "*/*");
    EXPECT_EQ(fields.size(), 4u);
    EXPECT_EQ(fields.get("x-ONE"), "1");
    EXPECT_EQ(fields.get(KnownField::accept), "text/html");
    EXPECT_EQ(fields.get("ACCEPT"), "text/html");
    EXPECT_EQ(fields.count("x-one"), 2u);
    EXPECT_EQ(fields.count(KnownField::accept), 2u);
    EXPECT_EQ(fields.count(KnownField::host), 0u);
    EXPECT_EQ(fields.find("nope"), nullptr);
    EXPECT_EQ(fields.get(KnownField::host), "");
    EXPECT_EQ(fields[2].value, "2");
}

TEST(Fields, GrowsPastItsInlineSpaceAndCanBeCopied) {
    std::vector<std::string> names;
    for (int i = 0; i < 100; ++i) names.push_back("n" + std::to_string(i));
    Fields fields;
    for (const std::string& name : names) fields.add(name, "v");
    fields.add("Host", "a");
    const Fields copy = fields;
    EXPECT_EQ(copy.size(), 101u);
    EXPECT_EQ(copy.get("n99"), "v");
    EXPECT_EQ(copy.get("n0"), "v");
    EXPECT_EQ(copy.get(KnownField::host), "a");
    fields.clear();
    EXPECT_TRUE(fields.empty());
    EXPECT_FALSE(fields.contains(KnownField::host));
    fields.add("a", "b");
    EXPECT_EQ(fields.get("A"), "b");
}

TEST(Fields, KnowsTheNumberOfEachName) {
    Fields fields;
    for (int i = 0; i < 2; ++i) {
        fields.clear();
        for (std::size_t n = 0; n < Fields::inline_size; ++n) fields.add("x-other", "1");
        fields.add("Accept", "a");
        fields.add("x-other", "2");
        fields.add("ACCEPT", "b");
        EXPECT_EQ(fields.known(0), KnownField::none);
        EXPECT_EQ(fields.known(Fields::inline_size), KnownField::accept);
        EXPECT_EQ(fields.known(Fields::inline_size + 1), KnownField::none);
        std::string values;
        fields.for_each(KnownField::accept, [&](std::string_view value) { values += value; });
        EXPECT_EQ(values, "ab");
    }
}

TEST(Fields, FindsTokensInListsOverSeveralLines) {
    Fields fields;
    fields.add("Connection", "keep-alive , Upgrade");
    fields.add("X", "close");
    fields.add("connection", ",, te");
    EXPECT_TRUE(fields.has_token(KnownField::connection, "upgrade"));
    EXPECT_TRUE(fields.has_token(KnownField::connection, "TE"));
    EXPECT_FALSE(fields.has_token(KnownField::connection, "close"));
    EXPECT_FALSE(fields.has_token(KnownField::connection, "keep"));
    EXPECT_FALSE(fields.has_token(KnownField::upgrade, "close"));
}

}  // namespace
}  // namespace flotilla::http
