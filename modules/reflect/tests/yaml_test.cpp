#include "flotilla/reflect/yaml.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace flotilla::reflect {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct Route {
    std::string id;
    std::vector<std::string> predicates;
    std::map<std::string, std::string> metadata;
};

FLT_DESCRIBE(Route, id, predicates, metadata)

struct Settings {
    int port = 0;
    bool enabled = false;
    std::string version;
    std::chrono::seconds timeout{};
    std::vector<Route> routes;
    std::optional<std::string> absent = "default";
    double ratio = 0;
};

FLT_DESCRIBE(Settings, port, enabled, version, timeout, routes, absent, ratio)

std::string error_of(const auto& result) {
    return result ? "no error" : result.error().message();
}

std::vector<std::string> shown(const std::vector<Leaf>& leaves) {
    std::vector<std::string> out;
    for (const Leaf& leaf : leaves)
        out.push_back(fmt::format("{}={} @{}:{}", leaf.key, leaf.value, leaf.line, leaf.column));
    return out;
}

TEST(Yaml, BindsADocumentToAStruct) {
    const auto settings = from_yaml<Settings>(R"(
port: 0x1F90
enabled: yes
version: 1.10
timeout: 5s
absent: ~
ratio: 1_000.5
routes:
  - id: one
    predicates: Path=/a/**, Method=GET
  - id: "two"
    metadata: {a.b: 'x', n: 3}
)");
    ASSERT_TRUE(settings) << settings.error().message();
    EXPECT_EQ(settings->port, 8080);
    EXPECT_TRUE(settings->enabled);
    EXPECT_EQ(settings->version, "1.10");
    EXPECT_EQ(settings->timeout, 5s);
    EXPECT_EQ(settings->absent, std::nullopt);
    EXPECT_EQ(settings->ratio, 1000.5);
    EXPECT_EQ(settings->routes.at(0).predicates, (std::vector<std::string>{"Path=/a/**", "Method=GET"}));
    EXPECT_EQ(settings->routes.at(1).metadata.at("n"), "3");
}

TEST(Yaml, NamesThePathOfWhatIsWrong) {
    EXPECT_EQ(error_of(from_yaml<Settings>("port: eighty")), "/port: expected integer, got 'eighty'");
    EXPECT_EQ(error_of(from_yaml<Settings>("prot: 80")), "/prot: unknown name, did you mean 'port'?");
    EXPECT_EQ(
        error_of(from_yaml<Settings>("routes: [{id: []}]")), "/routes/0/id: expected string, got array"
    );
}

TEST(Yaml, ReadsScalarsAsYaml11) {
    const auto documents = parse_yaml(
        "[yes, No, on, OFF, True, yEs, 010, 0b11, -0x10, 1_0, +5, 1e3, .5, -.inf, ~, '', \"1\", !!str 2, "
        "1.2.3, 12:30]"
    );
    ASSERT_TRUE(documents) << documents.error().message();
    EXPECT_EQ(
        documents->at(0).text(),
        R"([true,false,true,false,true,"yEs",8,3,-16,10,5,1000.0,0.5,null,null,"","1","2","1.2.3","12:30"])"
    );
}

TEST(Yaml, ReadsEveryDocumentOfAText) {
    const auto documents = parse_yaml("a: 1\n---\nb: 2\n---\n- c\n");
    ASSERT_TRUE(documents);
    ASSERT_EQ(documents->size(), 3U);
    EXPECT_EQ(documents->at(1).text(), R"({"b":2})");
    EXPECT_TRUE(parse_yaml("")->empty());
    EXPECT_EQ(
        error_of(from_yaml<Settings>("port: 1\n---\nport: 2")), "more than one document where one is expected"
    );
}

TEST(Yaml, UnfoldsAnchorsAndMergeKeys) {
    const auto documents = parse_yaml("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nlist: [*b, *b]\n");
    ASSERT_TRUE(documents) << documents.error().message();
    EXPECT_EQ(
        documents->at(0).text(),
        R"({"base":{"x":1,"y":2},"use":{"y":3,"x":1},"list":[{"x":1,"y":2},{"x":1,"y":2}]})"
    );
}

TEST(Yaml, RefusesBombsOfAliases) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        bomb += fmt::format("a{}: &a{} [", i, i);
        for (int k = 0; k < 10; ++k) bomb += fmt::format("*a{},", i - 1);
        bomb += "]\n";
    }
    EXPECT_EQ(parse_yaml(bomb).error().code(), Errc::limit_exceeded);
    std::string many = "a: &a x\nb: [";
    for (int i = 0; i < 2000; ++i) many += "*a,";
    EXPECT_EQ(parse_yaml(many + "]").error().code(), Errc::limit_exceeded);
    EXPECT_FALSE(parse_yaml("a: &a [*a]"));
}

TEST(Yaml, KeepsToItsLimits) {
    EXPECT_TRUE(parse_yaml(std::string(64, '[') + std::string(64, ']')));
    EXPECT_EQ(parse_yaml(std::string(65, '[') + std::string(65, ']')).error().code(), Errc::limit_exceeded);
    EXPECT_FALSE(parse_yaml(std::string(100'000, '[')));
    EXPECT_FALSE(parse_yaml(std::string(100'000, '{')));
    EXPECT_EQ(parse_yaml("[1,2,3]", {.elements = 3}).error().code(), Errc::limit_exceeded);
    EXPECT_EQ(parse_yaml("[1,2,3]", {.bytes = 3}).error().code(), Errc::limit_exceeded);
}

TEST(Yaml, SaysWhereTextIsMalformed) {
    EXPECT_EQ(error_of(parse_yaml("a: 1\nb: [1, 2\n")), "line 3, column 1: end of sequence flow not found");
    EXPECT_EQ(error_of(parse_yaml("a: 1\na: 2\n")), "line 2, column 1: the key 'a' comes twice");
    EXPECT_EQ(error_of(parse_yaml("\xff")), "the text is not valid UTF-8");
    EXPECT_EQ(error_of(parse_yaml("? [a]\n: b\n")), "line 1, column 3: a key that is no scalar");
}

TEST(Yaml, WalksItsLeavesWithTheirPlaces) {
    const auto documents = yaml_leaves(R"(server:
  port: 8080
  tags: [a, 'b']
order.max-items: 010
list:
  - name: x
    on: yes
empty: []
none:
ratio: 1.10
)");
    ASSERT_TRUE(documents) << documents.error().message();
    EXPECT_THAT(
        shown(documents->at(0)),
        ElementsAre(
            "server.port=8080 @2:9",
            "server.tags[0]=a @3:10",
            "server.tags[1]=b @3:13",
            "order.max-items=8 @4:18",
            "list[0].name=x @6:11",
            "list[0][on]=true @7:9",
            "empty= @8:8",
            "none= @9:6",
            "ratio=1.10 @10:8"
        )
    );
    EXPECT_EQ(documents->at(0)[0].kind, JsonKind::integer);
    EXPECT_EQ(documents->at(0)[2].kind, JsonKind::string);
    EXPECT_EQ(leaf_value(documents->at(0)[0]), Json(8080));
    EXPECT_EQ(yaml_leaves("just text")->at(0).at(0).key, "document");
}

TEST(Yaml, WritesWhatItReadsBack) {
    const Json value = Json::object(
        {{"text", "plain words"},
         {"yes", "yes"},
         {"number", "12"},
         {"real", 12.0},
         {"odd",
          Json::array(
              {"a: b",
               "#x",
               "- y",
               " z",
               "",
               "line\nbreak",
               "한글",
               "null",
               "[a",
               "1.2.3",
               "@x",
               "x:",
               "\x7F\x01"}
          )},
         {"nested",
          Json::array(
              {Json::object({{"a", 1}, {"b", Json::array({true, nullptr})}}), Json::array({Json::array({1})})}
          )},
         {"empty", Json::object()},
         {"none", Json::array()}}
    );
    const std::string text = to_yaml(value);
    const auto back = parse_yaml(text);
    ASSERT_TRUE(back) << back.error().message() << text;
    EXPECT_EQ(back->at(0), value) << text;
    EXPECT_EQ(to_yaml(Json::object({{"a", Json::object({{"b", "c"}})}})), "a:\n  b: c\n");
}

}  // namespace
}  // namespace flotilla::reflect
