#include "flotilla/shop/driver/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <vector>

namespace flotilla::shop::driver {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const JournalLine user{.kind = JournalKind::user, .user_id = "u1", .email = "a@x.io", .token = "t"};
const JournalLine order{
    .kind = JournalKind::order,
    .user_id = "u1",
    .order_id = "o1",
    .product_id = "CATALOG-001",
    .qty = 2,
    .key = "k1"
};

TEST(Journal, ReadsWhatWasWritten) {
    const std::string path = testing::TempDir() + "journal_test.jsonl";
    std::filesystem::remove(path);
    {
        auto journal = JournalWriter::open(path);
        ASSERT_TRUE(journal) << journal.error().message();
        journal->write(user);
        journal->write(order);
        EXPECT_TRUE(journal->close());
    }
    const std::vector<std::string_view> paths{path};
    const auto lines = read_journals(paths);
    ASSERT_TRUE(lines) << lines.error().message();
    EXPECT_THAT(*lines, ElementsAre(user, order));
    struct stat status{};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << "it holds tokens";
    std::filesystem::remove(path);
}

TEST(Journal, PassesOverAnUnfinishedLastLine) {
    const auto lines = parse_journal("{\"kind\":\"lost\",\"userId\":\"u\"}\n\n{\"kind\":\"ord");
    ASSERT_TRUE(lines);
    ASSERT_EQ(lines->size(), 1U);
    EXPECT_EQ(lines->front().kind, JournalKind::lost);
}

TEST(Journal, NamesABadLine) {
    const auto lines = parse_journal("{\"kind\":\"lost\",\"userId\":\"u\"}\nnonsense\n");
    ASSERT_FALSE(lines);
    EXPECT_THAT(lines.error().message(), HasSubstr("line 2"));
}

TEST(Journal, ThatIsNotThereIsAnError) {
    const std::vector<std::string_view> paths{"/nowhere/journal"};
    EXPECT_FALSE(read_journals(paths));
    EXPECT_FALSE(JournalWriter::open("/nowhere/journal"));
}

}  // namespace

}  // namespace flotilla::shop::driver
