#include "flotilla/reflect/type_info.hpp"

#include <gtest/gtest.h>

#include <map>

namespace flotilla::reflect {

namespace {

using Kind = TypeInfo::Kind;

enum class Colour { red, dark_blue };
FLT_DESCRIBE_ENUM_KEBAB(Colour, red, dark_blue)

struct Leaf {
    std::uint16_t weight = 3;
};

FLT_DESCRIBE(Leaf, (weight, "In grams", max(100)))

struct Tree {
    std::string latin_name;
    std::optional<Colour> colour;
    std::vector<Leaf> leaves;
    std::map<std::string, double> prices;
    std::unique_ptr<Tree> sapling;
    std::variant<std::string, Leaf> fruit;
    WallTime planted;
    Secret owner;
    Json notes;
};

FLT_DESCRIBE(Tree, (latin_name, not_blank), colour, leaves, prices, sapling, fruit, planted, owner, notes)

TEST(TypeInfo, HasTheFieldsWithTheirOptions) {
    const TypeInfo& tree = type_info_of<Tree>();
    EXPECT_EQ(tree.kind, Kind::object);
    ASSERT_EQ(tree.fields.size(), 9U);
    EXPECT_EQ(tree.fields[0].outside, "latinName");
    EXPECT_EQ(tree.fields[0].options->rules[0].kind, RuleKind::not_blank);
    const TypeInfo& leaf = tree.fields[2].type().element();
    EXPECT_EQ(&leaf, &type_info_of<Leaf>());
    EXPECT_EQ(leaf.fields[0].options->doc, "In grams");
    EXPECT_EQ(leaf.initial().text(), R"({"weight":3})");
}

TEST(TypeInfo, TellsKinds) {
    const auto kind = [](std::size_t field) { return type_info_of<Tree>().fields[field].type().kind; };
    EXPECT_EQ(kind(0), Kind::text);
    EXPECT_EQ(kind(1), Kind::enumeration);
    EXPECT_EQ(kind(2), Kind::list);
    EXPECT_EQ(kind(3), Kind::map);
    EXPECT_EQ(kind(4), Kind::object);
    EXPECT_EQ(kind(5), Kind::one_of);
    EXPECT_EQ(kind(6), Kind::date_time);
    EXPECT_EQ(kind(7), Kind::secret);
    EXPECT_EQ(kind(8), Kind::any);
    EXPECT_EQ(type_info_of<std::chrono::milliseconds>().kind, Kind::duration);
    EXPECT_EQ(type_info_of<Bytes>().kind, Kind::size);
    EXPECT_EQ(type_info_of<bool>().kind, Kind::boolean);
    EXPECT_EQ(type_info_of<float>().bytes, 4);
    EXPECT_EQ(type_info_of<std::monostate>().kind, Kind::nothing);
}

TEST(TypeInfo, SeesThroughOptionalsAndPointers) {
    const auto fields = type_info_of<Tree>().fields;
    const TypeInfo& colour = fields[1].type();
    EXPECT_TRUE(colour.optional);
    ASSERT_EQ(colour.texts.size(), 2U);
    EXPECT_EQ(colour.texts[1].outside, "dark-blue");
    const TypeInfo& sapling = fields[4].type();
    EXPECT_TRUE(sapling.optional);
    EXPECT_EQ(*sapling.type, typeid(Tree)) << "a tree within a tree";
    const TypeInfo& fruit = fields[5].type();
    ASSERT_EQ(fruit.alternatives.size(), 2U);
    EXPECT_EQ(fruit.alternatives[1]().kind, Kind::object);
}

TEST(TypeInfo, KnowsTheWidthOfIntegers) {
    EXPECT_EQ(type_info_of<std::int64_t>().bytes, 8);
    EXPECT_TRUE(type_info_of<std::int64_t>().is_signed);
    EXPECT_FALSE(type_info_of<std::uint32_t>().is_signed);
}

}  // namespace

}  // namespace flotilla::reflect
