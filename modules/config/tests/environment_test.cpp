#include "flotilla/config/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace flotilla::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using Keys = std::set<std::string>;

std::vector<std::string> source_names(const Environment& environment) {
    std::vector<std::string> names;
    for (const SourcePtr& source : environment.sources()) names.push_back(source->name());
    return names;
}

TEST(Environment, FollowsSpringsOrderOfPrecedence) {
    const auto files = std::make_shared<MemoryFiles>();
    files->put("application.yml", "f: file");
    auto environment = Environment::load({
        .arguments = {"--a=cli"},
        .variables =
            {{"A", "env"}, {"B", "env"}, {"SPRING_APPLICATION_JSON", R"({"a":"json","j":{"k":[1]}})"}},
        .defaults = {{"a", "default"}, {"d", "default"}, {"f", "default"}},
        .files = files,
    });
    ASSERT_TRUE(environment) << environment.error().message();
    EXPECT_EQ(environment->get("a"), "cli");
    EXPECT_EQ(environment->get("b"), "env");
    EXPECT_EQ(environment->get("j.k[0]"), "1");
    EXPECT_EQ(environment->get("d"), "default");
    EXPECT_EQ(environment->get("f"), "file");
    EXPECT_EQ(environment->get("none"), std::nullopt);
    ASSERT_TRUE(environment->set_at_run_time({{"a", "manager"}}));
    EXPECT_EQ(environment->get("a"), "manager");
    EXPECT_THAT(
        source_names(*environment),
        ElementsAre(
            "manager",
            "commandLineArgs",
            "spring.application.json",
            "systemEnvironment",
            "random",
            "Config resource 'file [application.yml]' via location 'optional:file:./'",
            "defaultProperties"
        )
    );
    EXPECT_EQ(environment->find("b")->property->origin, "System Environment Property \"B\"");
    EXPECT_EQ(
        environment->find("j.k[0]")->property->origin,
        "\"j.k[0]\" from property source \"spring.application.json\""
    );
}

TEST(Environment, ResolvesPlaceholdersInsideAndAroundOthers) {
    const auto environment = Environment::of(
        {{"host", "h"},
         {"port", 80},
         {"url", "http://${host}:${port}/${path:x/${host}}"},
         {"name", "host"},
         {"indirect", "${${name}}"},
         {"escaped", "\\${host}"},
         {"open", "${host"},
         {"a", "${b}"},
         {"b", "${a}"},
         {"missing", "${nope}"},
         {"colon", "${u:http://x:1}"}}
    );
    EXPECT_EQ(environment.get("url"), "http://h:80/x/h");
    EXPECT_EQ(environment.get("indirect"), "h");
    EXPECT_EQ(environment.get("escaped"), "${host}");
    EXPECT_EQ(environment.get("open"), "${host");
    EXPECT_EQ(environment.get("colon"), "http://x:1");
    EXPECT_EQ(environment.get("missing"), "${nope}");
    EXPECT_EQ(environment.resolve("${a}").error().message(), "circular placeholder 'a'");
    EXPECT_EQ(
        environment.resolve("${nope}").error().message(),
        "could not resolve placeholder 'nope' in value \"${nope}\""
    );
}

TEST(Environment, RefusesPlaceholdersThatGrowWithoutBound) {
    std::vector<std::pair<std::string, Json>> properties = {{"p0", std::string(64, 'x')}};
    for (int i = 1; i < 30; ++i) {
        std::string fourfold;
        for (int k = 0; k < 4; ++k) fourfold.append("${p").append(std::to_string(i - 1)).append("}");
        properties.emplace_back("p" + std::to_string(i), fourfold);
    }
    EXPECT_EQ(Environment::of(properties).resolve("${p29}").error().code(), Errc::limit_exceeded);
}

TEST(Environment, GivesRandomValuesThatStayTheSameWithinAProperty) {
    const auto environment = Environment::of({{"id", "app:${random.value}"}, {"other", "${random.value}"}});
    EXPECT_THAT(environment.get_or("id", ""), MatchesRegex("app:[0-9a-f]{32}"));
    EXPECT_EQ(environment.get("id"), environment.get("id"));
    EXPECT_NE("app:" + *environment.get("other"), environment.get("id"));
    EXPECT_THAT(
        environment.get_or("random.uuid", ""),
        MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    );
    for (int i = 0; i < 100; ++i) {
        const int value = environment.get<int>("x", std::stoi(*environment.get("random.int[5,8]"))).value();
        EXPECT_TRUE(value >= 5 && value < 8) << value;
        EXPECT_LT(std::stoi(*environment.resolve("${random.int(10)}")), 10);
    }
    EXPECT_EQ(environment.get("random.int(x)"), std::nullopt);
}

TEST(Environment, DecryptsCipherValuesAndRemembersThatTheyWereSecret) {
    const auto files = std::make_shared<MemoryFiles>();
    files->put("application.yml", "a: '{cipher}tset'\nb: plain");
    const Decrypt reversed = [](std::string_view cipher) -> Result<std::string> {
        if (cipher == "bad") return fail(Errc::malformed, "bad padding");
        return std::string(cipher.rbegin(), cipher.rend());
    };
    auto environment = Environment::load({.files = files, .decrypt = reversed});
    ASSERT_TRUE(environment);
    EXPECT_EQ(environment->get("a"), "test");
    EXPECT_TRUE(environment->find("a")->property->encrypted);
    EXPECT_FALSE(environment->find("b")->property->encrypted);
    EXPECT_EQ(
        Environment::load({.arguments = {"--x={cipher}bad"}, .files = files, .decrypt = reversed})
            .error()
            .message(),
        "x: cannot decrypt the value (\"x\" from property source \"commandLineArgs\"): bad padding"
    );
    EXPECT_EQ(Environment::load({.files = files})->get("a"), "{cipher}tset");
    EXPECT_TRUE(Environment::load({.files = files})->find("a")->property->encrypted);
}

TEST(EnvironmentFacts, F14_RefreshReturnsExactlyTheChangedKeysAndThenNone) {
    const auto files = std::make_shared<MemoryFiles>();
    files->put("application.yml", "token:\n  secret: one\nkeep: 1\ngone: 1\ntyped: 1\n");
    auto environment = Environment::load({.files = files}).value();
    std::vector<Keys> told;
    auto subscription = environment.subscribe([&](const Keys& keys) { told.push_back(keys); });
    files->put("application.yml", "token:\n  secret: two\nkeep: 1\nnew: 1\ntyped: '1'\n");
    EXPECT_EQ(environment.refresh().value(), (Keys{"gone", "new", "token.secret", "typed"}));
    EXPECT_EQ(environment.get("token.secret"), "two");
    EXPECT_THAT(environment.refresh().value(), IsEmpty());
    EXPECT_EQ(told.size(), 1U);
    subscription = Subscription();
    files->put("application.yml", "keep: 2");
    EXPECT_TRUE(environment.refresh());
    EXPECT_EQ(told.size(), 1U);
}

TEST(Environment, KeepsWhatItHasWhenARefreshFails) {
    const auto files = std::make_shared<MemoryFiles>();
    files->put("application.yml", "a: 1");
    auto environment = Environment::load({.files = files}).value();
    files->put("application.yml", "a: [");
    EXPECT_FALSE(environment.refresh());
    EXPECT_EQ(environment.get("a"), "1");
}

TEST(Environment, TakesAndDropsSourcesAtRunTime) {
    auto environment = Environment::of({{"a", "default"}, {"b", "default"}});
    const auto remote = make_source("configserver:one", Precedence::remote_profile, {{"a", "remote"}});
    EXPECT_EQ(environment.set_sources({{Precedence::remote_profile, {remote}}}).value(), Keys{"a"});
    EXPECT_EQ(environment.get("a"), "remote");
    EXPECT_EQ(environment.set_sources({{Precedence::remote_profile, {}}}).value(), Keys{"a"});
    EXPECT_EQ(environment.get("a"), "default");
    EXPECT_EQ(environment.set_at_run_time({{"b", "x"}, {"c", 1}}).value(), (Keys{"b", "c"}));
    EXPECT_EQ(environment.set_at_run_time({{"b", nullptr}, {"c", nullptr}}).value(), (Keys{"b", "c"}));
    EXPECT_EQ(environment.get("b"), "default");
    EXPECT_EQ(environment.sources().size(), 2U);
}

TEST(Environment, LetsASubscriberChangeTheEnvironment) {
    auto environment = Environment::of({{"a", "1"}});
    int calls = 0;
    auto subscription = environment.subscribe([&](const Keys& keys) {
        ++calls;
        if (!keys.contains("a")) return;
        EXPECT_TRUE(environment.set_at_run_time({{"b", "2"}}));
    });
    EXPECT_TRUE(environment.set_at_run_time({{"a", "2"}}));
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(environment.get("b"), "2");
}

TEST(Environment, IsReadAndChangedByManyThreads) {
    auto environment = Environment::of({{"a", "0"}, {"url", "${a}-${random.int}"}});
    std::atomic<bool> stop = false;
    std::thread reader([&] {
        while (!stop) {
            EXPECT_TRUE(environment.get("a"));
            EXPECT_TRUE(environment.get("url"));
            EXPECT_TRUE(environment.get<int>("a", 1));
        }
    });
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(environment.set_at_run_time({{"a", i}}));
    stop = true;
    reader.join();
    EXPECT_EQ(environment.get("a"), "199");
}

TEST(Environment, SaysWhatIsWrongWithApplicationJson) {
    const auto files = std::make_shared<MemoryFiles>();
    EXPECT_EQ(
        Environment::load({.variables = {{"SPRING_APPLICATION_JSON", "{"}}, .files = files})
            .error()
            .message(),
        "spring.application.json (System Environment Property \"SPRING_APPLICATION_JSON\"): line 1, column "
        "2: the text "
        "ends too early"
    );
}

}  // namespace
}  // namespace flotilla::config
