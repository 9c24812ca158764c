#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flotilla/config/environment.hpp"

namespace flotilla::config {
namespace {

using namespace std::chrono_literals;

enum class Mode { active, passive };
FLT_DESCRIBE_ENUM(Mode, active, passive)

struct Item {
    std::string name;
    int max_qty = 1;
};

FLT_DESCRIBE(Item, name, max_qty)

struct OrderConfig {
    int max_items = 10;
    std::chrono::milliseconds wait_time = 500ms;
    Bytes max_size = Bytes::mega(1);
    bool debug = false;
    Mode mode = Mode::active;
    std::vector<std::string> tags{"default"};
    std::vector<Item> items;
    std::map<std::string, std::string> labels;
    std::map<std::string, Item> by_name;
    std::optional<std::string> note;
    reflect::Secret password;
    Json extra;
};

FLT_DESCRIBE_CONFIG(
    OrderConfig,
    (max_items, "How many items an order may have.", min(1), max(100)),
    (wait_time, "How long to wait."),
    (max_size, "Largest body."),
    (debug, "Says more."),
    (mode, "What to do."),
    (tags, "Tags."),
    (items, "Items."),
    (labels, "Labels."),
    (by_name, "Items by name."),
    (note, "A note."),
    (password, "A password."),
    (extra, "Anything.")
)

Environment of(
    std::vector<std::string> arguments,
    std::vector<std::pair<std::string, std::string>> variables = {},
    std::map<std::string, std::string> files = {}
) {
    return Environment::load({.arguments = std::move(arguments),
                              .variables = std::move(variables),
                              .files = std::make_shared<MemoryFiles>(std::move(files))})
        .value();
}

std::string error_of(const auto& result) {
    return result ? "no error" : result.error().message();
}

TEST(Binding, TakesEverySpellingOfAName) {
    for (const char* argument :
         {"--order.max-items=7", "--order.maxItems=7", "--order.max_items=7", "--ORDER.MAXITEMS=7"}) {
        EXPECT_EQ(of({argument}).bind<OrderConfig>("order")->max_items, 7) << argument;
    }
    for (const char* variable : {"ORDER_MAXITEMS", "ORDER_MAX_ITEMS", "order_max_items"}) {
        EXPECT_EQ(of({}, {{variable, "8"}}).bind<OrderConfig>("order")->max_items, 8) << variable;
        EXPECT_EQ(of({}, {{variable, "8"}}).get<int>("order.max-items", 0).value(), 8) << variable;
    }
}

TEST(Binding, ReadsListsMapsAndNestedStructsFromTheSystemEnvironment) {
    auto environment =
        of({},
           {{"MY_ORDER_ITEMS_0_NAME", "a"},
            {"MY_ORDER_ITEMS_0_MAX_QTY", "3"},
            {"MY_ORDER_ITEMS_1_NAME", "b"},
            {"MY_ORDER_TAGS", "x,y"},
            {"MY_ORDER_LABELS_A_B", "dotted"},
            {"MY_ORDER_BY_NAME_FIRST_MAXQTY", "5"},
            {"MY_ORDER_SERVICE_HOST", "not ours"}});
    const auto config = environment.bind<OrderConfig>("my.order");
    ASSERT_TRUE(config) << config.error().message();
    ASSERT_EQ(config->items.size(), 2U);
    EXPECT_EQ(config->items[0].max_qty, 3);
    EXPECT_EQ(config->items[1].name, "b");
    EXPECT_EQ(config->tags, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(config->labels.at("a.b"), "dotted");
    EXPECT_EQ(config->by_name.at("first").max_qty, 5);
    EXPECT_EQ(of({}, {{"MY_ORDER_MAXITEMS", "4"}}).bind<OrderConfig>("my-order")->max_items, 4);
}

TEST(Binding, KeepsDefaultsAndReadsEveryKind) {
    auto environment = of({}, {}, {{"application.yml", R"(
order:
  wait-time: 2s
  max-size: 10MB
  debug: on
  mode: PASSIVE
  labels:
    com.example.a: 1
    "[x/y]": two
  extra: {list: [1, {a: b}], text: 1.10}
  note: ""
  password: 1234
)"}});
    const auto config = environment.bind<OrderConfig>("order");
    ASSERT_TRUE(config) << config.error().message();
    EXPECT_EQ(config->max_items, 10);
    EXPECT_EQ(config->wait_time, 2s);
    EXPECT_EQ(config->max_size, Bytes::mega(10));
    EXPECT_TRUE(config->debug);
    EXPECT_EQ(config->mode, Mode::passive);
    EXPECT_EQ(config->tags, std::vector<std::string>{"default"});
    EXPECT_EQ(config->labels.at("com.example.a"), "1");
    EXPECT_EQ(config->labels.at("x/y"), "two");
    EXPECT_EQ(config->extra.text(), R"({"list":[1,{"a":"b"}],"text":"1.10"})");
    EXPECT_EQ(config->note, "");
    EXPECT_EQ(config->password.reveal(), "1234");
}

TEST(Binding, TakesAListFromOneSourceAsAWhole) {
    const std::map<std::string, std::string> files = {
        {"application.yml", "order:\n  tags: [a, b, c]\n  items: [{name: one, max-qty: 4}]\n"}
    };
    EXPECT_EQ(
        of({"--order.tags[0]=x"}, {}, files).bind<OrderConfig>("order")->tags, std::vector<std::string>{"x"}
    );
    EXPECT_EQ(of({"--order.tags=x,y"}, {}, files).bind<OrderConfig>("order")->tags.size(), 2U);
    const auto items = of({"--order.items[0].name=two"}, {}, files).bind<OrderConfig>("order")->items;
    EXPECT_EQ(items.at(0).max_qty, 1);
    EXPECT_EQ(
        of({}, {}, {{"application.yml", "order.tags: []"}}).bind<OrderConfig>("order")->tags.size(), 0U
    );
}

TEST(Binding, MergesMapsOverSources) {
    auto environment =
        of({"--order.labels.a=cli"}, {}, {{"application.yml", "order.labels: {a: file, b: file}"}});
    const auto labels = environment.bind<OrderConfig>("order")->labels;
    EXPECT_EQ(labels.at("a"), "cli");
    EXPECT_EQ(labels.at("b"), "file");
}

TEST(Binding, NamesPropertyAndOriginOfWhatIsWrong) {
    auto environment = of({}, {}, {{"application.yml", "order:\n  a: 1\n  max-items: eighty\n"}});
    EXPECT_EQ(
        error_of(environment.bind<OrderConfig>("order", Unknown::ignore)),
        "order.max-items: expected integer, got 'eighty' (application.yml - 3:14)"
    );
    EXPECT_EQ(
        error_of(environment.get<int>("order.max-items", 0)),
        "order.max-items: expected integer, got 'eighty' (application.yml - 3:14)"
    );
    EXPECT_EQ(
        error_of(of({"--order.items[0].max-qty=x"}).bind<OrderConfig>("order")),
        "order.items[0].max-qty: expected integer, got 'x' (\"order.items[0].max-qty\" from property source "
        "\"commandLineArgs\")"
    );
    EXPECT_EQ(
        error_of(of({}, {{"ORDER_MODE", "x"}}).bind<OrderConfig>("order")),
        "order.mode: expected one of active, passive, got 'x' (System Environment Property \"ORDER_MODE\")"
    );
}

TEST(Binding, RefusesUnknownPropertiesWithTheNearestKnownOne) {
    auto environment =
        of({}, {}, {{"application.yml", "order:\n  max-itmes: 3\n  zzz: 1\n  items:\n    - nme: x\n"}});
    EXPECT_EQ(
        error_of(environment.bind<OrderConfig>("order")),
        "order.max-itmes: unknown property, did you mean 'order.max-items'? (application.yml - 2:14); "
        "order.zzz: unknown property (application.yml - 3:8); "
        "order.items[0].nme: unknown property, did you mean 'order.items[0].name'? (application.yml - 5:12)"
    );
    EXPECT_TRUE(environment.bind<OrderConfig>("order", Unknown::ignore));
}

TEST(Binding, ValidatesByTheRulesBesideTheFields) {
    EXPECT_EQ(
        error_of(of({"--order.max-items=101"}).bind<OrderConfig>("order")),
        "order.max-items: must be less than or equal to 100 (\"order.max-items\" from property source "
        "\"commandLineArgs\")"
    );
}

TEST(Binding, SwitchesAFlagOnByItsNameAlone) {
    EXPECT_TRUE(of({"--order.debug"}).bind<OrderConfig>("order")->debug);
    EXPECT_TRUE(of({"--debug"}).get<bool>("debug", false).value());
    EXPECT_EQ(of({}).get<std::chrono::milliseconds>("none", 5ms).value(), 5ms);
}

TEST(Binding, RemembersWhatWasBoundWithItsInputs) {
    auto environment = of({"--order.max-items=5"}, {{"ORDER_PASSWORD", "x"}});
    ASSERT_TRUE(environment.bind<OrderConfig>("order"));
    const auto bound = environment.bound();
    ASSERT_EQ(bound.size(), 1U);
    EXPECT_EQ(bound[0].prefix, "order");
    EXPECT_EQ(bound[0].values["maxItems"], Json(5));
    EXPECT_EQ(bound[0].values["password"], Json("******"));
    ASSERT_EQ(bound[0].inputs.size(), 2U);
    EXPECT_EQ(bound[0].inputs[0].name, "order.max-items");
    EXPECT_EQ(bound[0].inputs[1].origin, "System Environment Property \"ORDER_PASSWORD\"");
}

}  // namespace
}  // namespace flotilla::config
