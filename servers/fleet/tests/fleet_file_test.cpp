#include "flotilla/fleet/fleet_file.hpp"

#include <gmock/gmock.h>

namespace flotilla::fleet {
namespace {

using testing::HasSubstr;

std::vector<std::string> names(const FleetFile& file) {
    std::vector<std::string> result;
    for (const PartSpec& part : file.parts) result.push_back(part.name);
    return result;
}

std::string refusal(std::string_view yaml) {
    const auto file = parse_fleet(yaml);
    return file ? "accepted" : file.error().message();
}

TEST(FleetFile, TheShopIsAFleet) {
    const auto file = parse_fleet(shop_fleet());
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_THAT(names(*file), testing::ElementsAre("registry", "user", "catalog", "order", "gateway"));
    EXPECT_EQ(file->parts[3].instances, 2U);
    EXPECT_EQ(file->parts[4].port, 8000);
    EXPECT_THAT(
        file->parts[3].options, testing::ElementsAre("--spring.datasource.url=sqlite:${data}/orderdb.sqlite")
    );
    EXPECT_THAT(shop_fleet(), testing::Not(HasSubstr("<")));
}

TEST(FleetFile, TheCourseIsOneTooAndKeepsNothingInFiles) {
    const auto file = parse_fleet(course_fleet());
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_THAT(names(*file), testing::ElementsAre("registry", "user", "catalog", "order", "gateway"));
    EXPECT_THAT(file->common, testing::Contains("--spring.datasource.url=sqlite::memory:"));
    EXPECT_EQ(file->parts[3].instances, 1U);
    EXPECT_THAT(course_fleet(), testing::Not(HasSubstr("<")));
    EXPECT_THAT(course_fleet(), testing::Not(HasSubstr("${data}")));
    for (const PartSpec& part : file->parts) {
        if (part.name != "registry") {
            EXPECT_EQ(part.environment.at("TOKEN_SECRET"), "${secret.token}");
        }
    }
}

TEST(FleetFile, PartsStandInStartingOrder) {
    const auto file = parse_fleet(R"(
parts:
  - {name: last, command: x, after: [middle]}
  - {name: middle, command: x, after: [first]}
  - {name: other, command: x}
  - {name: first, command: x}
)");
    ASSERT_TRUE(file);
    EXPECT_THAT(names(*file), testing::ElementsAre("other", "first", "middle", "last"));
}

TEST(FleetFile, ACircleIsRefused) {
    EXPECT_THAT(
        refusal("parts: [{name: a, command: x, after: [b]}, {name: b, command: x, after: [a]}]"),
        HasSubstr("part 'a' waits for itself")
    );
}

TEST(FleetFile, WhatIsWrongIsNamed) {
    EXPECT_THAT(refusal("parts: [{name: a, comand: x}]"), HasSubstr("command"));
    EXPECT_THAT(refusal("parts: [{name: A B, command: x}]"), HasSubstr("part 'A B'"));
    EXPECT_THAT(
        refusal("parts: [{name: a, command: x}, {name: a, command: y}]"), HasSubstr("part 'a' is there twice")
    );
    EXPECT_THAT(refusal("parts: [{name: a, command: x, after: [b]}]"), HasSubstr("'b', which is no part"));
    EXPECT_THAT(refusal("parts: [{name: a, command: x, instances: 0}]"), HasSubstr("instances"));
    EXPECT_THAT(refusal("parts: [{name: a}]"), HasSubstr("command"));
}

}  // namespace
}  // namespace flotilla::fleet
