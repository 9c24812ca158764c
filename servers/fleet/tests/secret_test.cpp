#include "../shell/secret.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace flotilla::fleet {
namespace {

class KeptSecret : public testing::Test {
protected:
    ~KeptSecret() override { std::filesystem::remove_all(folder_); }

    std::string folder_ = testing::TempDir() + "kept_secret_test_" + std::to_string(getpid());
};

TEST_F(KeptSecret, IsMadeOnceAndStays) {
    const auto first = kept_secret(folder_, "token");
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ(first->size(), 86U);
    EXPECT_EQ(*kept_secret(folder_, "token"), *first);
    EXPECT_NE(*kept_secret(folder_, "other"), *first);
}

TEST_F(KeptSecret, IsForItsUserAlone) {
    ASSERT_TRUE(kept_secret(folder_, "token"));
    struct stat status{};
    ASSERT_EQ(stat((folder_ + "/token").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(KeptSecret, MayBeGiven) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ + "/token") << "a secret of one's own\n";
    EXPECT_EQ(*kept_secret(folder_, "token"), "a secret of one's own");
    std::ofstream(folder_ + "/empty") << "";
    EXPECT_FALSE(kept_secret(folder_, "empty"));
}

TEST_F(KeptSecret, HasAPlainName) {
    EXPECT_FALSE(kept_secret(folder_, "../token"));
    EXPECT_FALSE(kept_secret(folder_, ""));
    EXPECT_FALSE(kept_secret("/nowhere/at/all", "token"));
}

}  // namespace
}  // namespace flotilla::fleet
