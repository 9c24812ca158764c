#include "../shell/status.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "flotilla/base/text.hpp"

namespace flotilla::fleet {
namespace {

PartState part(std::string name, pid_t pid, std::uint16_t port, std::string page) {
    PartState state;
    state.name = std::move(name);
    state.pid = pid;
    state.port = port;
    state.health = PartHealth::up;
    state.memory_bytes = 12'900'000;
    state.proportional_bytes = 4'200'000;
    state.uptime_seconds = 5;
    state.page = std::move(page);
    return state;
}

TEST(StatusTable, StandsInColumnsWhateverThePorts) {
    const std::vector<PartState> states{
        part("registry", 917, 8761, "http://a/"), part("user", 22798, 44361, "http://b/")
    };
    EXPECT_EQ(
        status_table(states),
        "PART        PID   PORT  HEALTH  MEMORY  UPTIME  RESTARTS  PAGE\n"
        "registry    917   8761  up       12 MB     5 s         0  http://a/\n"
        "user      22798  44361  up       12 MB     5 s         0  http://b/\n"
        "                                  8 MB  together: what they share is counted once\n"
    );
}

TEST(StatusTable, StandsInColumnsWhateverElseIsLong) {
    PartState large = part("order-of-the-other-shop-12", std::numeric_limits<pid_t>::max(), 65535, "PAGE");
    large.memory_bytes = 123'456'000'000;
    large.uptime_seconds = 10'000'000'000;
    large.restarts = std::numeric_limits<std::uint32_t>::max();
    large.health = PartHealth::ailing;
    PartState gone = part("db", 1, 80, "PAGE");
    gone.pid.reset();
    gone.memory_bytes.reset();
    gone.uptime_seconds.reset();
    gone.health = PartHealth::down;
    const std::string table = status_table({large, gone});
    const auto lines = split(table, '\n');
    ASSERT_GE(lines.size(), 3U);
    const std::size_t page = lines[0].find("PAGE");
    EXPECT_EQ(lines[1].find("PAGE"), page);
    EXPECT_EQ(lines[2].find("PAGE"), page);
    EXPECT_EQ(lines[1].find("ailing"), lines[0].find("HEALTH"));
    EXPECT_EQ(lines[2].find("down"), lines[0].find("HEALTH"));
}

TEST(StatusTable, SaysThatNothingRuns) {
    EXPECT_EQ(status_table({}), "Nothing runs. Start it with 'flotilla up'.\n");
}

}  // namespace
}  // namespace flotilla::fleet
