#include "schemas.hpp"

#include <gtest/gtest.h>

#include "shop_types.hpp"

namespace flotilla::openapi {

namespace {

using reflect::Json;
using reflect::type_info_of;

Json component(Version version, const reflect::TypeInfo& type, std::string_view name, bool input) {
    Schemas schemas(version);
    if (input) schemas.mark_as_input(type);
    (void)schemas.schema_of(type);
    return schemas.components()[name];
}

Json input(std::string_view name) {
    return component(Version::openapi_3_0, type_info_of<shop::OrderIn>(), name, true);
}

Json output(std::string_view name, Version version = Version::openapi_3_0) {
    return component(version, type_info_of<shop::Orders>(), name, false);
}

TEST(Schemas, SayWhatARequestMustHave) {
    EXPECT_EQ(input("OrderIn")["required"].text(), R"(["customer","shipTo","stops"])")
        << "shipTo: what is in there must come";
    EXPECT_EQ(input("Address")["required"].text(), R"(["city","country"])");
}

TEST(Schemas, TurnRulesIntoBounds) {
    const Json order = input("OrderIn");
    const auto& properties = order["properties"];
    EXPECT_EQ(
        properties["customer"].text(),
        R"({"type":"string","minLength":1,"maxLength":20,"description":"Who pays"})"
    );
    EXPECT_EQ(properties["email"].text(), R"({"type":"string","format":"email"})");
    EXPECT_EQ(
        properties["currency"].text(), R"({"type":"string","minLength":3,"maxLength":3,"default":"EUR"})"
    );
    EXPECT_EQ(
        properties["quantity"].text(),
        R"({"type":"integer","format":"int32","minimum":1,"maximum":100,"default":1})"
    );
    EXPECT_EQ(
        properties["price"].text(),
        R"({"type":"number","format":"double","minimum":0,"exclusiveMinimum":true,"default":0.5})"
    );
    EXPECT_EQ(
        properties["size"].text(), R"({"type":"string","enum":["SMALL","EXTRA_LARGE"],"default":"SMALL"})"
    );
    EXPECT_EQ(
        properties["shipTo"].text(),
        R"({"allOf":[{"$ref":"#/components/schemas/Address"}],"description":"Where it goes"})"
    );
    EXPECT_EQ(
        properties["stops"].text(),
        R"({"type":"array","items":{"$ref":"#/components/schemas/Address"},"minItems":1,"maxItems":5})"
    );
    EXPECT_EQ(properties["labels"].text(), R"({"type":"object","additionalProperties":{"type":"string"}})");
    EXPECT_EQ(
        properties["code"].text(), R"({"type":"string","pattern":"^(?:[A-Z]-[0-9]+)$","default":"A-1"})"
    );
    EXPECT_EQ(properties["password"].text(), R"({"type":"string","format":"password"})");
}

TEST(Schemas, SayWhatAnAnswerAlwaysHas) {
    const Json order = output("OrderOut");
    EXPECT_EQ(order["required"].text(), R"(["id","shipTo","made"])");
    const auto& properties = order["properties"];
    EXPECT_EQ(properties["id"].text(), R"({"type":"integer","format":"int64","minimum":0})");
    EXPECT_EQ(
        properties["shipTo"].text(), R"({"allOf":[{"$ref":"#/components/schemas/Address"}],"nullable":true})"
    );
    EXPECT_EQ(properties["made"].text(), R"({"type":"string","format":"date-time"})");
    EXPECT_EQ(properties["replaces"].text(), R"({"$ref":"#/components/schemas/OrderOut"})")
        << "a struct within itself";
}

TEST(Schemas, SpeakTheNewerVersionToo) {
    EXPECT_EQ(
        output("OrderOut", Version::openapi_3_1)["properties"]["shipTo"].text(),
        R"({"oneOf":[{"allOf":[{"$ref":"#/components/schemas/Address"}]},{"type":"null"}]})"
    );
    const Json order = component(Version::openapi_3_1, type_info_of<shop::OrderIn>(), "OrderIn", true);
    EXPECT_EQ(
        order["properties"]["price"].text(),
        R"({"type":"number","format":"double","exclusiveMinimum":0,"default":0.5})"
    );
}

TEST(Schemas, NameTemplatesAfterTheirArguments) {
    EXPECT_EQ(component_name(typeid(shop::Orders)), "PageOrderOut");
    EXPECT_EQ(
        component_name(typeid(shop::Page<std::string>)), "Pagebasic_stringcharchar_traitscharallocatorchar"
    );
    EXPECT_EQ(output("PageOrderOut")["required"].text(), R"(["content","number"])");
}

namespace other {

struct Address {
    int floor = 0;
};

FLT_DESCRIBE(Address, floor)

}  // namespace other

TEST(Schemas, KeepStructsOfTheSameNameApart) {
    Schemas schemas(Version::openapi_3_0);
    const Json one = schemas.schema_of(type_info_of<shop::Address>());
    const Json two = schemas.schema_of(type_info_of<other::Address>());
    EXPECT_EQ(one.text(), R"({"$ref":"#/components/schemas/Address"})");
    EXPECT_EQ(two.text(), R"({"$ref":"#/components/schemas/Address_2"})");
    EXPECT_EQ(schemas.schema_of(type_info_of<shop::Address>()), one);
}

TEST(Schemas, KnowEveryKind) {
    Schemas schemas(Version::openapi_3_0);
    const auto text = [&](const reflect::TypeInfo& type) { return schemas.schema_of(type).text(); };
    EXPECT_EQ(text(type_info_of<Json>()), "{}");
    EXPECT_EQ(text(type_info_of<bool>()), R"({"type":"boolean"})");
    EXPECT_EQ(text(type_info_of<float>()), R"({"type":"number","format":"float"})");
    EXPECT_EQ(text(type_info_of<std::uint32_t>()), R"({"type":"integer","format":"int64","minimum":0})");
    EXPECT_EQ(text(type_info_of<std::int16_t>()), R"({"type":"integer","format":"int32"})");
    EXPECT_EQ(text(type_info_of<std::chrono::seconds>()), R"({"type":"string","format":"duration"})");
    EXPECT_EQ(
        (text(type_info_of<std::variant<int, std::string>>())),
        R"({"oneOf":[{"type":"integer","format":"int32"},{"type":"string"}]})"
    );
}

}  // namespace

}  // namespace flotilla::openapi
