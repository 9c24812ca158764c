#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "flotilla/log/captured_log.hpp"

namespace flotilla::log {
namespace {

TEST(Level, IsReadInEitherCaseAndFatalIsError) {
    EXPECT_EQ(parse_level("debug"), Level::debug);
    EXPECT_EQ(parse_level("Warn"), Level::warn);
    EXPECT_EQ(parse_level("FATAL"), Level::error);
    EXPECT_EQ(parse_level("LOUD"), std::nullopt);
    EXPECT_EQ(to_string(Level::trace), "TRACE");
}

TEST(Levels, AreInheritedAlongTheDots) {
    CapturedLog log({.levels = {{"ROOT", Level::warn}, {"order", Level::debug}}});
    EXPECT_TRUE(log.logger("order.api.http").enabled(Level::debug));
    EXPECT_FALSE(log.logger("orders").enabled(Level::info));
    EXPECT_FALSE(log.logger("order.api").enabled(Level::trace));
}

TEST(Levels, ChangeForHandlesThatAlreadyExist) {
    CapturedLog log;
    const Logger api = log.logger("order.api");
    EXPECT_FALSE(api.enabled(Level::debug));
    log.system().set_level("order", Level::debug);
    EXPECT_TRUE(api.enabled(Level::debug));
    ASSERT_TRUE(log.system().clear_level("order"));
    EXPECT_FALSE(api.enabled(Level::debug));
    EXPECT_TRUE(api.enabled(Level::info));
}

TEST(Levels, ANearerSettingBeatsAFartherOne) {
    CapturedLog log;
    log.system().set_level("order.api", Level::error);
    log.system().set_level("order", Level::trace);
    EXPECT_FALSE(log.logger("order.api.x").enabled(Level::warn));
    EXPECT_TRUE(log.logger("order.db").enabled(Level::trace));
}

TEST(Levels, OffSilencesErrors) {
    CapturedLog log({.levels = {{"noise", Level::off}}});
    log.logger("noise").error("not seen");
    EXPECT_TRUE(log.lines().empty());
}

TEST(Levels, AreListedWithRootFirstAndConfiguredOnlyWhereSet) {
    CapturedLog log;
    static_cast<void>(log.logger("order.api"));
    log.system().set_level("db", Level::debug);
    const std::vector<LoggerState> expected{
        {"ROOT", Level::info, Level::info},
        {"db", Level::debug, Level::debug},
        {"order", std::nullopt, Level::info},
        {"order.api", std::nullopt, Level::info},
    };
    EXPECT_EQ(log.system().loggers(), expected);
    EXPECT_EQ(log.system().find_logger("root"), std::nullopt);
    EXPECT_EQ(log.system().find_logger("nothing"), std::nullopt);
    EXPECT_EQ(log.system().find_logger("order")->effective, Level::info);
}

TEST(Levels, AGroupSetsAndClearsItsMembers) {
    CapturedLog log;
    log.system().set_level("web", Level::trace);
    EXPECT_TRUE(log.logger("http.server.access").enabled(Level::trace));
    EXPECT_TRUE(log.logger("gateway").enabled(Level::trace));
    EXPECT_EQ(log.system().find_group("web"), (GroupState{"web", Level::trace, {"http.server", "gateway"}}));
    EXPECT_EQ(log.system().groups().size(), 2u);
    ASSERT_TRUE(log.system().clear_level("web"));
    EXPECT_FALSE(log.logger("gateway").enabled(Level::debug));
    EXPECT_EQ(log.system().find_group("web")->configured, std::nullopt);
}

TEST(Levels, RootCannotBeCleared) {
    CapturedLog log;
    EXPECT_EQ(log.system().clear_level("ROOT").error().code(), Errc::invalid_argument);
}

TEST(Levels, AreSeenByTheNextCallOfAnotherThread) {
    CapturedLog log;
    const Logger logger = log.logger("worker");
    log.system().set_level("worker", Level::debug);
    std::thread([&] { logger.debug("seen"); }).join();
    EXPECT_EQ(log.count_of("seen"), 1u);
}

}  // namespace
}  // namespace flotilla::log
