#include "flotilla/discovery/eureka_endpoints.hpp"

#include <gtest/gtest.h>

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

class Endpoints : public ::testing::Test {
protected:
    /// The addresses that one call tries when those in `down` do not answer.
    std::vector<std::string> call(EurekaEndpoints& endpoints, const std::set<std::string>& down) {
        std::vector<std::string> tried;
        endpoints.begin(now);
        while (const auto url = endpoints.next()) {
            tried.push_back(*url);
            if (!down.contains(*url)) {
                endpoints.accept();
                return tried;
            }
            endpoints.reject();
        }
        tried.emplace_back("given up");
        return tried;
    }

    using Tried = std::vector<std::string>;
    TimePoint now{1h};
};

TEST_F(Endpoints, StaysWithTheOneThatWorked) {
    EurekaEndpoints endpoints({"a", "b", "c"}, Random(1));
    EXPECT_EQ(call(endpoints, {"a"}), (Tried{"a", "b"}));
    EXPECT_EQ(endpoints.current(), "b");
    EXPECT_EQ(call(endpoints, {}), (Tried{"b"})) << "after failover it stays there";
}

TEST_F(Endpoints, ASingleRegistryIsAskedTwiceWhenItWorkedBefore) {
    EurekaEndpoints endpoints({"a"}, Random(1));
    EXPECT_EQ(call(endpoints, {"a"}), (Tried{"a", "given up"})) << "it never worked";
    EXPECT_EQ(call(endpoints, {}), (Tried{"a"}));
    EXPECT_EQ(call(endpoints, {"a"}), (Tried{"a", "a", "given up"}));
}

TEST_F(Endpoints, TriesThreeAtMost) {
    EurekaEndpoints endpoints({"a", "b", "c", "d", "e"}, Random(1));
    EXPECT_EQ(call(endpoints, {"a", "b", "c", "d", "e"}), (Tried{"a", "b", "c", "given up"}));
    EXPECT_EQ(call(endpoints, {"d"}), (Tried{"a"})) << "three of five are 66 percent: all get another chance";
}

TEST_F(Endpoints, LeavesOutWhoFailedUntilTwoThirdsHave) {
    EurekaEndpoints endpoints({"a", "b", "c", "d", "e", "f"}, Random(1));
    EXPECT_EQ(call(endpoints, {"a", "b"}), (Tried{"a", "b", "c"}));
    EXPECT_EQ(call(endpoints, {"c"}), (Tried{"c", "c", "d"})) << "a and b are in quarantine";
    EXPECT_EQ(call(endpoints, {"d", "e", "f"}), (Tried{"d", "a"}))
        << "with c they are three of six, which is 66 percent rounded down: all get another chance";
}

TEST_F(Endpoints, BeginsAnewAfterAboutTwentyMinutes) {
    EurekaEndpoints endpoints({"a", "b"}, Random(1));
    EXPECT_EQ(call(endpoints, {"a"}), (Tried{"a", "b"}));
    now += 9min;
    EXPECT_EQ(call(endpoints, {}), (Tried{"b"}));
    now += 21min;
    EXPECT_EQ(call(endpoints, {}), (Tried{"a"}));
}

TEST_F(Endpoints, NoRegistryIsNoTry) {
    EurekaEndpoints endpoints({}, Random(1));
    EXPECT_EQ(call(endpoints, {}), (Tried{"given up"}));
}

}  // namespace

}  // namespace flotilla::discovery
