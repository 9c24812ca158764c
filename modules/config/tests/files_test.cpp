#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flotilla/config/environment.hpp"

namespace flotilla::config {
namespace {

using ::testing::ElementsAre;
using FileMap = std::map<std::string, std::string>;

Result<Environment> load(FileMap files, std::vector<std::string> arguments = {}) {
    return Environment::load(
        {.arguments = std::move(arguments), .files = std::make_shared<MemoryFiles>(std::move(files))}
    );
}

std::string value(const Result<Environment>& environment, std::string_view name) {
    return environment ? environment->get_or(name, "(none)") : environment.error().message();
}

TEST(ConfigFiles, InTheConfigFolderWinOverThoseBesideIt) {
    const auto environment = load(
        {{"application.yml", "a: plain\nb: plain"},
         {"config/application.yml", "a: config"},
         {"config/x/application.yml", "c: deep"}}
    );
    EXPECT_EQ(value(environment, "a"), "config");
    EXPECT_EQ(value(environment, "b"), "plain");
    EXPECT_EQ(value(environment, "c"), "deep");
}

TEST(ConfigFiles, OfTheSameNameCountByExtension) {
    const auto environment = load(
        {{"application.yaml", "a: yaml\nb: yaml\nc: yaml"},
         {"application.yml", "a: yml\nb: yml"},
         {"application.properties", "a=properties"}}
    );
    EXPECT_EQ(value(environment, "a"), "properties");
    EXPECT_EQ(value(environment, "b"), "yml");
    EXPECT_EQ(value(environment, "c"), "yaml");
}

TEST(ConfigFiles, OfProfilesWinOverPlainOnesWhereverTheyLie) {
    const FileMap files = {
        {"application.yml", "a: plain\nspring.profiles.active: dev, eu"},
        {"config/application.yml", "a: config"},
        {"application-dev.yml", "a: dev\nb: dev"},
        {"application-eu.yml", "b: eu"},
        {"application-default.yml", "c: default"}
    };
    const auto environment = load(files);
    ASSERT_TRUE(environment) << environment.error().message();
    EXPECT_THAT(environment->active_profiles(), ElementsAre("dev", "eu"));
    EXPECT_EQ(value(environment, "a"), "dev");
    EXPECT_EQ(value(environment, "b"), "eu");
    EXPECT_EQ(value(environment, "c"), "(none)");
    const auto other = load(files, {"--spring.profiles.active=eu"});
    EXPECT_EQ(value(other, "a"), "config");
    EXPECT_EQ(value(load({{"application-default.yml", "c: default"}}), "c"), "default");
}

TEST(ConfigFiles, ApplyDocumentsByTheirProfileExpression) {
    const FileMap files = {{"application.yml", R"(a: base
---
spring.config.activate.on-profile: dev & !prod
a: dev
---
spring.config.activate.on-profile: [prod, test]
a: prod
)"}};
    EXPECT_EQ(value(load(files), "a"), "base");
    EXPECT_EQ(value(load(files, {"--spring.profiles.active=dev"}), "a"), "dev");
    EXPECT_EQ(value(load(files, {"--spring.profiles.active=dev,prod"}), "a"), "prod");
    EXPECT_EQ(value(load(files, {"--spring.profiles.active=test"}), "a"), "prod");
    EXPECT_EQ(
        value(load({{"application.yml", "a: 1\n---\nspring.config.activate.on-profile: a & b | c\n"}}), "a"),
        "application.yml: malformed profile expression 'a & b | c': '&' and '|' together need parentheses"
    );
}

TEST(ConfigFiles, LearnProfilesFromIncludesAndGroups) {
    const auto environment = load(
        {{"application.yml",
          "spring.profiles:\n  include: common\n  active: prod\n  group:\n    prod: [db, mq]\n"},
         {"application-mq.properties", "a=mq"}}
    );
    ASSERT_TRUE(environment) << environment.error().message();
    EXPECT_THAT(environment->active_profiles(), ElementsAre("common", "prod", "db", "mq"));
    EXPECT_EQ(value(environment, "a"), "mq");
    EXPECT_TRUE(environment->accepts_profiles("prod & db"));
}

TEST(ConfigFiles, RefuseToActivateProfilesFromWithinAProfile) {
    EXPECT_EQ(
        value(load({{"application-default.yml", "spring.profiles.active: x"}}), "a"),
        "spring.profiles.active is not allowed in a document that is for a profile (application-default.yml "
        "- 1:25)"
    );
    EXPECT_EQ(
        value(load({{"application.yml", "spring.profiles: x"}}), "a"),
        "spring.profiles is now called spring.config.activate.on-profile (application.yml - 1:18)"
    );
}

TEST(ConfigFiles, AreFoundWhereThePropertiesSay) {
    const FileMap files = {
        {"application.yml", "a: here"},
        {"/etc/shop/application.yml", "a: etc"},
        {"/etc/shop/shop.properties", "a=shop"}
    };
    EXPECT_EQ(value(load(files, {"--spring.config.location=/etc/shop/"}), "a"), "etc");
    EXPECT_EQ(value(load(files, {"--spring.config.location=file:/etc/shop/shop.properties"}), "a"), "shop");
    EXPECT_EQ(value(load(files, {"--spring.config.additional-location=/etc/shop/"}), "a"), "etc");
    EXPECT_EQ(
        value(load(files, {"--spring.config.location=/etc/shop/", "--spring.config.name=shop"}), "a"), "shop"
    );
    EXPECT_EQ(
        value(load(files, {"--spring.config.location=/none/"}), "a"),
        "the config location '/none/' does not exist"
    );
    EXPECT_EQ(value(load(files, {"--spring.config.location=optional:/none/"}), "a"), "(none)");
}

TEST(ConfigFiles, ImportOthersAboveThemselves) {
    const FileMap files = {
        {"application.yml", "spring.config.import: 'file:./extra/one.yml, optional:none.yml'\na: own\nb: own"
        },
        {"extra/one.yml", "spring.config.import: two.properties\na: one"},
        {"extra/two.properties", "c=two"},
        {"extra/one-dev.yml", "a: one-dev"},
    };
    EXPECT_EQ(value(load(files), "a"), "one");
    EXPECT_EQ(value(load(files), "b"), "own");
    EXPECT_EQ(value(load(files), "c"), "two");
    EXPECT_EQ(value(load(files, {"--spring.profiles.active=dev"}), "a"), "one-dev");
    EXPECT_EQ(
        value(load({{"application.yml", "spring.config.import: file:none.yml"}}), "a"),
        "application.yml: spring.config.import: the config location 'file:none.yml' does not exist"
    );
    EXPECT_EQ(value(load({{"application.yml", "spring.config.import: application.yml\na: 1"}}), "a"), "1");
}

TEST(ConfigFiles, LeaveRemoteImportsToWhoUnderstandsThem) {
    const auto environment =
        load({{"application.yml", "spring.config.import: 'optional:configserver:http://localhost:8888'"}});
    ASSERT_TRUE(environment) << environment.error().message();
    EXPECT_THAT(environment->remote_imports(), ElementsAre("optional:configserver:http://localhost:8888"));
}

TEST(ConfigFiles, ReadATreeOfSecrets) {
    const auto environment = load(
        {{"application.yml", "spring.config.import: configtree:/run/secrets/"},
         {"/run/secrets/db/password", "s3\n"},
         {"/run/secrets/..data/x", "hidden"}}
    );
    EXPECT_EQ(value(environment, "db.password"), "s3");
    EXPECT_EQ(value(environment, "data.x"), "(none)");
}

TEST(ConfigFiles, AreNamedWhenTheyAreMalformed) {
    EXPECT_EQ(
        value(load({{"application.yml", "a: [1\n"}}), "a"),
        "application.yml: line 2, column 1: end of sequence flow not found"
    );
}

TEST(ConfigFiles, KeepTheKindOfTheirValues) {
    const auto environment = load({{"application.yml", "n: 8080\nb: yes\nd: 1.5\nv: 1.10\ns: '1'\n"}});
    ASSERT_TRUE(environment);
    EXPECT_EQ(environment->find("n")->property->value, Json(8080));
    EXPECT_EQ(environment->find("b")->property->value, Json(true));
    EXPECT_EQ(environment->find("d")->property->value, Json(1.5));
    EXPECT_EQ(environment->find("v")->property->value, Json("1.10"));
    EXPECT_EQ(environment->find("s")->property->value, Json("1"));
    EXPECT_EQ(environment->find("n")->property->origin, "application.yml - 1:4");
    EXPECT_EQ(
        environment->find("n")->source->name(),
        "Config resource 'file [application.yml]' via location 'optional:file:./'"
    );
}

}  // namespace
}  // namespace flotilla::config
