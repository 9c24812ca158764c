#include "flotilla/reflect/form.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace flotilla::reflect {
namespace {

struct Address {
    std::string street;
    std::optional<int> number;
};

FLT_DESCRIBE(Address, street, number)

struct Search {
    std::string query;
    int page = 0;
    bool exact = false;
    std::vector<std::string> tags;
    std::set<int> ids;
    std::vector<Address> addresses;
    std::map<std::string, std::string> extra;
};

FLT_DESCRIBE(Search, query, page, exact, tags, ids, addresses, extra)

std::string error_of(const auto& result) {
    return result ? "no error" : result.error().message();
}

TEST(Form, BindsFieldsListsAndPaths) {
    const auto search = from_form<Search>(
        "query=caf%C3%A9+au%20lait&page=2&exact=on&tags=a&tags=b&ids=3,1&addresses[1].street=second&"
        "addresses[0].street=first&addresses[0].number=7&extra.k=v&unknown=1&&"
    );
    ASSERT_TRUE(search) << search.error().message();
    EXPECT_EQ(search->query, "café au lait");
    EXPECT_EQ(search->page, 2);
    EXPECT_TRUE(search->exact);
    EXPECT_EQ(search->tags, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(search->ids, (std::set<int>{1, 3}));
    EXPECT_EQ(search->addresses.at(0).number, 7);
    EXPECT_EQ(search->addresses.at(1).street, "second");
    EXPECT_EQ(search->extra.at("k"), "v");
}

TEST(Form, NamesWhatIsWrong) {
    EXPECT_EQ(error_of(from_form<Search>("page=two")), "/page: expected integer, got 'two'");
    EXPECT_EQ(error_of(from_form<Search>("query=%4")), "a % that two hex digits must follow");
    EXPECT_EQ(error_of(from_form<Search>("query=%ff")), "the text is not valid UTF-8");
    EXPECT_EQ(
        error_of(from_form<Search>("addresses[0].number=x")), "/addresses/0/number: expected integer, got 'x'"
    );
}

TEST(Form, IsBoundedAgainstHostileNames) {
    EXPECT_EQ(from_form<Search>("tags[4000000000]=a")->tags.size(), 1U);
    std::string deep = "a";
    for (int i = 0; i < 100; ++i) deep += ".a";
    EXPECT_EQ(form_value(deep + "=1").error().code(), Errc::limit_exceeded);
    EXPECT_EQ(parse_form("a&b&c", {.elements = 2}).error().code(), Errc::limit_exceeded);
    EXPECT_EQ(parse_form("abc", {.bytes = 2}).error().code(), Errc::limit_exceeded);
    EXPECT_TRUE(form_value("[=1&]=2&a[=3&[]=4&a[b=5&.=6&a..b=7"));
}

TEST(Properties, AreReadAsJavaReadsThem) {
    const auto documents = properties_leaves(
        "# comment\n! other\n\na=1\nb : two words \n  c\\ d   e\\tf\nlong = one,\\\n    "
        "two\nuni=\\u00e9\\ud83d\\ude00\nempty\n"
    );
    ASSERT_TRUE(documents) << documents.error().message();
    std::map<std::string, std::string> found;
    for (const Leaf& leaf : documents->at(0)) found[leaf.key] = leaf.value;
    const std::map<std::string, std::string> expected = {
        {"a", "1"},
        {"b", "two words "},
        {"c d", "e\tf"},
        {"long", "one,two"},
        {"uni", "é\xF0\x9F\x98\x80"},
        {"empty", ""}
    };
    EXPECT_EQ(found, expected);
    EXPECT_EQ(documents->at(0)[0].line, 4U);
    EXPECT_EQ(documents->at(0)[0].column, 3U);
    EXPECT_EQ(documents->at(0)[3].line, 7U);
    EXPECT_EQ(documents->at(0)[4].line, 9U);
}

TEST(Properties, HaveDocumentsSeparatedByAComment) {
    const auto documents = properties_leaves("a=1\r\n#---\r\nb=2\n!---\nc=3");
    ASSERT_TRUE(documents);
    ASSERT_EQ(documents->size(), 3U);
    EXPECT_EQ(documents->at(2)[0].key, "c");
    EXPECT_FALSE(properties_leaves("a=\\u12"));
}

TEST(Properties, BindToStructsByRelaxedNames) {
    const auto search = from_properties<Search>("query=x\nPAGE=3\naddresses[0].street=s\ntags=a, b\n");
    ASSERT_TRUE(search) << search.error().message();
    EXPECT_EQ(search->page, 3);
    EXPECT_EQ(search->tags.size(), 2U);
    EXPECT_EQ(error_of(from_properties<Search>("pagee=3")), "/pagee: unknown name, did you mean 'page'?");
}

}  // namespace
}  // namespace flotilla::reflect
