#include <gtest/gtest.h>

#include <map>

#include "flotilla/discovery/cluster.hpp"
#include "sample.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

class Outliers : public ::testing::Test {
protected:
    static constexpr TimePoint start{1h};

    void fill(std::size_t count, OutlierConfig outlier = {}) {
        BalancerConfig config;
        config.outlier = outlier;
        cluster = std::make_unique<Cluster>("order-service", config, 0, [this](const ClusterEvent& event) {
            told.push_back(fmt::format("{}: {}", event.instance.id, event.reason));
        });
        cluster->update(list_of(instances(count)), now);
    }

    void call(const std::string& id, Outcome outcome, int times = 1) {
        for (int i = 0; i < times; ++i) {
            Lease lease = cluster->pick({.now = now, .sticky = id});
            ASSERT_TRUE(lease);
            if (lease.instance().id != id) return;  // it is out
            lease.finish(outcome, now);
        }
    }

    bool is_out(std::string_view id) {
        // A pick does what is due.
        (void)cluster->pick({.now = now});
        for (const MemberRef& member : cluster->members()) {
            if (member->instance().id == id) return member->ejected();
        }
        return false;
    }

    TimePoint now = start;
    std::unique_ptr<Cluster> cluster;
    std::vector<std::string> told;
};

TEST_F(Outliers, FiveServerErrorsInARowEject) {
    fill(3);
    call("i0", Outcome::server_error, 4);
    call("i0", Outcome::success);
    call("i0", Outcome::server_error, 4);
    EXPECT_FALSE(is_out("i0"));
    call("i0", Outcome::gateway_error);
    EXPECT_TRUE(is_out("i0"));
    EXPECT_EQ(told, std::vector<std::string>{"i0: consecutive 5xx"});
}

TEST_F(Outliers, ARefusedConnectionEjectsAtOnce) {
    fill(2);
    call("i0", Outcome::connect_failed);
    EXPECT_TRUE(is_out("i0"));
    for (int i = 0; i < 10; ++i) {
        const Lease lease = cluster->pick({.now = now});
        EXPECT_EQ(lease.instance().id, "i1") << "one failed call, and no more traffic";
    }
}

TEST_F(Outliers, GatewayFailuresAreCountedByThemselvesWhereThatIsWanted) {
    fill(3, {.consecutive_5xx = 0, .consecutive_gateway_failure = 5});
    call("i0", Outcome::gateway_error, 4);
    call("i0", Outcome::server_error);
    call("i0", Outcome::no_answer, 4);
    EXPECT_FALSE(is_out("i0"));
    call("i0", Outcome::gateway_error);
    EXPECT_TRUE(is_out("i0"));
}

TEST_F(Outliers, CancelledCallsSayNothing) {
    fill(2);
    call("i0", Outcome::server_error, 4);
    call("i0", Outcome::cancelled, 100);
    EXPECT_FALSE(is_out("i0"));
    call("i0", Outcome::server_error);
    EXPECT_TRUE(is_out("i0")) << "the row goes on";
}

TEST_F(Outliers, EjectionLastsLongerEachTimeAndAQuietSweepForgives) {
    fill(2);
    call("i0", Outcome::connect_failed);
    now += 29999ms;
    EXPECT_TRUE(is_out("i0"));
    now += 1ms;
    EXPECT_FALSE(is_out("i0"));
    call("i0", Outcome::connect_failed);
    now += 59s;
    EXPECT_TRUE(is_out("i0")) << "twice 30 s";
    now += 1s;
    EXPECT_FALSE(is_out("i0"));
    // Two sweeps in good order: as if it had never been.
    for (int i = 0; i < 3; ++i) {
        now += 10s;
        EXPECT_FALSE(is_out("i0"));
    }
    call("i0", Outcome::connect_failed);
    now += 30s;
    EXPECT_FALSE(is_out("i0"));
}

TEST_F(Outliers, EjectionTimeHasACap) {
    fill(2, {.base_ejection_time = 200s});
    for (int i = 0; i < 3; ++i) {
        call("i0", Outcome::connect_failed);
        now += 300s;
        EXPECT_FALSE(is_out("i0"));
    }
}

TEST_F(Outliers, ATenthAtMostIsOutButOneAtLeast) {
    fill(5);
    call("i0", Outcome::server_error, 5);
    call("i1", Outcome::server_error, 5);
    EXPECT_TRUE(is_out("i0"));
    EXPECT_FALSE(is_out("i1"));
    fill(30);
    for (const char* id : {"i0", "i1", "i2", "i3"}) call(id, Outcome::server_error, 5);
    EXPECT_TRUE(is_out("i2"));
    EXPECT_FALSE(is_out("i3"));
}

TEST_F(Outliers, HalfMayBeOutWhenNobodyListensThere) {
    fill(4);
    for (const char* id : {"i0", "i1", "i2"}) call(id, Outcome::connect_failed);
    EXPECT_TRUE(is_out("i0"));
    EXPECT_TRUE(is_out("i1"));
    EXPECT_FALSE(is_out("i2"));
}

TEST_F(Outliers, TheOnlyInstanceStays) {
    fill(1);
    call("i0", Outcome::connect_failed, 10);
    EXPECT_FALSE(is_out("i0"));
}

TEST_F(Outliers, AGoodActiveCheckEndsAnEjection) {
    fill(2);
    call("i0", Outcome::connect_failed);
    cluster->checked("i0", true, now);
    EXPECT_FALSE(is_out("i0"));
}

TEST_F(Outliers, ASweepEjectsWhoSucceedsFarLessOftenThanTheOthers) {
    fill(6, {.consecutive_5xx = 0});
    for (const MemberRef& member : cluster->members()) {
        const std::string& id = member->instance().id;
        const int bad = id == "i3" ? 30 : 1;
        call(id, Outcome::success, 100 - bad);
        call(id, Outcome::server_error, bad);
    }
    EXPECT_FALSE(is_out("i3")) << "not before the interval is over";
    now += 10s;
    EXPECT_TRUE(is_out("i3"));
    EXPECT_FALSE(is_out("i2"));
    EXPECT_EQ(told, std::vector<std::string>{"i3: success rate"});
}

TEST_F(Outliers, FewCallsOrFewInstancesAreNotJudged) {
    fill(6, {.consecutive_5xx = 0, .failure_percentage_minimum_hosts = 0});
    for (const MemberRef& member : cluster->members()) call(member->instance().id, Outcome::success, 99);
    call("i3", Outcome::server_error, 0);
    now += 10s;
    EXPECT_FALSE(is_out("i3"));
    fill(4, {.consecutive_5xx = 0});
    for (const MemberRef& member : cluster->members()) call(member->instance().id, Outcome::success, 200);
    call("i3", Outcome::server_error, 200);
    now += 10s;
    EXPECT_FALSE(is_out("i3"));
}

TEST_F(Outliers, ASweepEjectsWhoFailsMostOfTheTime) {
    fill(5, {.consecutive_5xx = 0, .success_rate_minimum_hosts = 0});
    for (const MemberRef& member : cluster->members()) call(member->instance().id, Outcome::success, 60);
    call("i1", Outcome::server_error, 400);
    now += 10s;
    EXPECT_TRUE(is_out("i1"));
    EXPECT_EQ(told, std::vector<std::string>{"i1: failure percentage"});
}

TEST_F(Outliers, NothingIsEjectedWhereThatIsSwitchedOff) {
    fill(3, {.enabled = false});
    call("i0", Outcome::connect_failed, 50);
    now += 60s;
    EXPECT_FALSE(is_out("i0"));
}

TEST_F(Outliers, StatusesTellOutcomes) {
    EXPECT_EQ(outcome_of_status(200), Outcome::success);
    EXPECT_EQ(outcome_of_status(404), Outcome::success);
    EXPECT_EQ(outcome_of_status(500), Outcome::server_error);
    EXPECT_EQ(outcome_of_status(503), Outcome::gateway_error);
}

}  // namespace

}  // namespace flotilla::discovery
