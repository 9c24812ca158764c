#include <gtest/gtest.h>

#include "flotilla/config/command_line.hpp"
#include "flotilla/config/masking.hpp"
#include "flotilla/config/profiles.hpp"
#include "flotilla/config/property_name.hpp"

namespace flotilla::config {
namespace {

TEST(PropertyName, IsTheSameInAllRelaxedSpellings) {
    for (const char* name : {"order.max-items", "order.maxItems", "order.max_items", "ORDER.MAXITEMS"}) {
        EXPECT_EQ(uniform_name(name), "order.maxitems") << name;
    }
    EXPECT_EQ(uniform_name("a.[B-c].d"), "a[B-c].d");
    EXPECT_EQ(canonical_name("order.maxItems[0].unit_price"), "order.max-items[0].unit-price");
}

TEST(PropertyName, HasItsSpellingsInTheSystemEnvironment) {
    EXPECT_EQ(
        environment_names("order.items[0].max-qty"),
        (std::vector<std::string>{"ORDER_ITEMS_0_MAXQTY", "ORDER_ITEMS_0_MAX_QTY"})
    );
    EXPECT_EQ(environment_names("server.port"), (std::vector<std::string>{"SERVER_PORT"}));
}

TEST(CommandLine, SplitsOptionsFromArguments) {
    const auto line =
        parse_command_line({"--server.port=1", "run", "--debug", "-x", "--a=1", "--a=2", "--", "--b=3"});
    ASSERT_TRUE(line);
    const std::vector<std::pair<std::string, std::string>> options = {
        {"server.port", "1"}, {"debug", ""}, {"a", "1,2"}
    };
    EXPECT_EQ(line->options, options);
    EXPECT_EQ(line->arguments, (std::vector<std::string>{"run", "-x", "--b=3"}));
}

TEST(CommandLine, RefusesAnOptionWithoutAName) {
    EXPECT_EQ(
        parse_command_line({"--=x"}).error().message(),
        "the option '--=x' has no name: write --some.property=value"
    );
}

TEST(Profiles, FollowSpringsExpressions) {
    const std::vector<std::string> active = {"dev", "eu"};
    const auto holds = [&](const char* text) { return profiles_match(text, active).value(); };
    EXPECT_TRUE(holds("dev"));
    EXPECT_FALSE(holds("prod"));
    EXPECT_TRUE(holds("dev & !prod"));
    EXPECT_TRUE(holds("prod | (dev & eu)"));
    EXPECT_TRUE(holds("prod, eu"));
    EXPECT_FALSE(holds("!dev"));
    EXPECT_TRUE(holds("!(prod|test)"));
    EXPECT_TRUE(holds(""));
    for (const char* text : {"a & b | c", "(a", "a)", "&a", "!", "a b"}) {
        EXPECT_FALSE(profiles_match(text, active)) << text;
    }
}

TEST(Profiles, ExpandGroupsInPlace) {
    EXPECT_EQ(
        expand_profiles({"prod", "x"}, {{"prod", {"db", "mq"}}, {"mq", {"prod", "q"}}}),
        (std::vector<std::string>{"prod", "db", "mq", "q", "x"})
    );
}

TEST(Masking, KnowsWhatToHideByName) {
    for (const char* name :
         {"spring.datasource.password",
          "TOKEN_SECRET",
          "my.api-key",
          "apiKey",
          "x.credentials.user",
          "vcap_services",
          "a.token-store",
          "encrypt.key",
          "keys.key[0]"}) {
        EXPECT_TRUE(is_sensitive(name)) << name;
    }
    for (const char* name : {"server.port", "spring.application.name", "keyboard", "a.keys-size"}) {
        EXPECT_FALSE(is_sensitive(name)) << name;
    }
}

TEST(Masking, HidesTheUserInfoOfAddresses) {
    EXPECT_EQ(mask_user_info("http://user:pw@host:80/x"), "http://user:******@host:80/x");
    EXPECT_EQ(
        mask_user_info("http://a:p@h1/,http://b:q,@r@h2/e"), "http://a:******@h1/,http://b:******@h2/e"
    );
    EXPECT_EQ(mask_user_info("http://host:80/x"), "http://host:80/x");
    EXPECT_EQ(mask_user_info("amqp://u:pa/ss@h"), "amqp://u:******@h");
    EXPECT_EQ(mask_user_info("plain"), "plain");
    EXPECT_EQ(shown_value("a", Json("x"), true), Json("******"));
    EXPECT_EQ(shown_value("a", Json(80)), Json(80));
}

}  // namespace
}  // namespace flotilla::config
