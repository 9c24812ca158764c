#include <gtest/gtest.h>

#include "actuator_fixture.hpp"
#include "flotilla/config/files.hpp"

namespace flotilla::actuator {

namespace {

struct ShopConfig {
    int max_items = 10;
    reflect::Secret password{"changeit"};
};

FLT_DESCRIBE_CONFIG(ShopConfig, (max_items, "Items in an order."), (password, "Of the shop."))

config::Environment environment_of(
    std::map<std::string, std::string> files,
    std::vector<std::string> arguments = {},
    std::shared_ptr<config::MemoryFiles>* keep = nullptr
) {
    auto memory = std::make_shared<config::MemoryFiles>(std::move(files));
    if (keep) *keep = memory;
    config::EnvironmentOptions options;
    options.arguments = std::move(arguments);
    options.arguments.emplace_back("--management.endpoints.web.exposure.include=*");
    options.variables = {{"PATH", "/bin"}};
    options.files = memory;
    options.decrypt = [](std::string_view) -> Result<std::string> { return std::string("plain"); };
    return config::Environment::load(std::move(options)).value();
}

const char* const yaml =
    "server:\n"
    "  port: 9101\n"
    "spring:\n"
    "  datasource:\n"
    "    password: hidden\n"
    "    url: mysql://ann:hidden@db/shop\n"
    "shop:\n"
    "  token-note: '{cipher}0011'\n"
    "  max-items: 7\n"
    "plain: '{cipher}0022'\n"
    "around: 'x?pin=${plain}'\n";

const Json* find_source(const Json& env, std::string_view part) {
    for (const auto& source : env["propertySources"].elements())
        if (source["name"].string_or("").find(part) != std::string_view::npos) return &source;
    return nullptr;
}

TEST(ActuatorFacts, F11_EverythingIsMaskedByDefaultAndSecretsAlways) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture closed(runtime, environment_of({{"application.yml", yaml}}));
        closed.mount();
        const Json masked = json_of(co_await closed.send("GET /actuator/env"));
        std::size_t properties = 0;
        for (const auto& source : masked["propertySources"].elements()) {
            for (const auto& property : source["properties"].members()) {
                EXPECT_EQ(property.value["value"], Json("******")) << property.key;
                ++properties;
            }
        }
        EXPECT_GE(properties, 7U);

        Fixture open(
            runtime,
            environment_of({{"application.yml", yaml}}, {"--management.endpoint.env.show-values=always"})
        );
        open.mount();
        const Json shown = json_of(co_await open.send("GET /actuator/env"));
        const Json* file = find_source(shown, "application.yml");
        EXPECT_TRUE(file);
        if (!file) co_return;
        const Json& values = (*file)["properties"];
        EXPECT_EQ(values["server.port"]["value"], Json(9101)) << "numbers of YAML stay numbers";
        EXPECT_EQ(values["spring.datasource.password"]["value"], Json("******"));
        EXPECT_EQ(values["spring.datasource.url"]["value"], Json("mysql://ann:******@db/shop"));
        EXPECT_EQ(values["plain"]["value"], Json("******")) << "it was encrypted";
        EXPECT_EQ(values["around"]["value"], Json("******")) << "what it leads to was encrypted";
    });
}

TEST(ActuatorFacts, F12_AnUnknownKeyIs404AndABadPattern400) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, environment_of({{"application.yml", yaml}}));
        fixture.mount();
        const auto unknown = co_await fixture.send("GET /actuator/env/nope");
        EXPECT_EQ(summary(unknown), "404 ");
        const auto bad = co_await fixture.send("GET /actuator/env?pattern=%5B");
        EXPECT_EQ(code_of(bad), 400);
        const auto backtracking = co_await fixture.send("GET /actuator/env?pattern=(a*)*%24b");
        EXPECT_EQ(code_of(backtracking), 200);
        const Json some = json_of(co_await fixture.send("GET /actuator/env?pattern=max"));
        EXPECT_EQ((*find_source(some, "application.yml"))["properties"].size(), 1U);
        EXPECT_EQ((*find_source(some, "systemEnvironment"))["properties"].text(), "{}");
    });
}

TEST(ActuatorFacts, F13_OnePropertyListsAllSourcesAndNamesTheWinner) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            environment_of(
                {{"application.yml", yaml}},
                {"--server.port=9200", "--management.endpoint.env.show-values=always"}
            )
        );
        fixture.mount();
        const Json one = json_of(co_await fixture.send("GET /actuator/env/server.port"));
        EXPECT_EQ(one["property"].text(), R"({"source":"commandLineArgs","value":"9200"})");
        const Json& file = *find_source(one, "application.yml");
        EXPECT_EQ(file["property"]["value"], Json(9101));
        EXPECT_NE(file["property"]["origin"].string_or("").find("2:9"), std::string_view::npos);
        EXPECT_FALSE(find_source(one, "systemEnvironment")->contains("property"));
        const Json path = json_of(co_await fixture.send("GET /actuator/env/path"));
        EXPECT_EQ(path["property"]["source"], Json("systemEnvironment"));
    });
}

TEST(ActuatorFacts, F14_RefreshAnswersWithTheChangedKeysAndThenWithNone) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        std::shared_ptr<config::MemoryFiles> files;
        Fixture fixture(runtime, environment_of({{"application.yml", "a: 1\nb: 2\nc: 3\n"}}, {}, &files));
        fixture.mount();
        for (const auto& folder : {"", "./"})
            files->put(std::string(folder) + "application.yml", "a: 1\nb: 5\nd: 4\n");
        const auto first = co_await fixture.send("POST /actuator/refresh");
        EXPECT_EQ(summary(first), R"(200 ["b","c","d"])");
        const auto second = co_await fixture.send("POST /actuator/refresh");
        EXPECT_EQ(summary(second), "200 []");
    });
}

TEST(Env, PropertiesCanBeSetWhenThatIsAllowed) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            environment_of({{"application.yml", yaml}}, {"--management.endpoint.env.post.enabled=true"})
        );
        fixture.mount();
        const http::RequestBuilder::Fields json{{"Content-Type", "application/json"}};
        const auto set = co_await fixture.send("POST /actuator/env", json, R"({"name":"k","value":3})");
        EXPECT_EQ(summary(set), R"(200 {"k":"3"})");
        EXPECT_EQ(fixture.environment.get("k"), "3");
        const auto bad = co_await fixture.send("POST /actuator/env", json, R"({"name":"k"})");
        EXPECT_EQ(code_of(bad), 400);
        const auto drop = co_await fixture.send("DELETE /actuator/env");
        EXPECT_EQ(summary(drop), R"(200 {"k":"3"})");
        EXPECT_FALSE(fixture.environment.get("k"));

        Fixture closed(runtime, environment_of({}));
        closed.mount();
        const auto refused = co_await closed.send("POST /actuator/env", json, R"({"name":"k","value":"v"})");
        EXPECT_EQ(code_of(refused), 405);
    });
}

TEST(ConfigProps, ShowsWhatWasBoundWithItsOrigins) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(
            runtime,
            environment_of(
                {{"application.yml", "shop:\n  max-items: 7\n"}},
                {"--management.endpoint.configprops.show-values=always"}
            )
        );
        EXPECT_TRUE(fixture.environment.bind<ShopConfig>("shop"));
        fixture.mount();
        const Json one = json_of(co_await fixture.send("GET /actuator/configprops/sho"));
        const Json& shop = one["contexts"]["order-service"]["beans"]["shop"];
        EXPECT_EQ(shop["prefix"], Json("shop"));
        EXPECT_EQ(shop["properties"].text(), R"({"maxItems":7,"password":"******"})");
        EXPECT_EQ(shop["inputs"].size(), 1U);
        EXPECT_NE(shop["inputs"].text().find("2:14"), std::string::npos);
        const auto none = co_await fixture.send("GET /actuator/configprops/nope");
        EXPECT_EQ(summary(none), "404 ");
    });
}

TEST(ConfigProps, MasksEverythingByDefault) {
    run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        Fixture fixture(runtime, environment_of({{"application.yml", "shop:\n  max-items: 7\n"}}));
        EXPECT_TRUE(fixture.environment.bind<ShopConfig>("shop"));
        fixture.mount();
        const Json all = json_of(co_await fixture.send("GET /actuator/configprops"));
        const Json& shop = all["contexts"]["order-service"]["beans"]["shop"];
        EXPECT_EQ(shop["properties"].text(), R"({"maxItems":"******","password":"******"})");
        for (const auto& input : shop["inputs"].members()) EXPECT_EQ(input.value["value"], Json("******"));
    });
}

}  // namespace

}  // namespace flotilla::actuator
