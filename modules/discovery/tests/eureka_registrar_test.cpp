#include "flotilla/discovery/eureka_registrar.hpp"

#include <gtest/gtest.h>

#include "eureka_calls.hpp"
#include "eureka_sample.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;
using eureka::InstanceStatus;
using Kind = Announcement::Kind;

class Registrar : public ::testing::Test {
protected:
    static EurekaRegistrar::Settings exact() {
        EurekaRegistrar::Settings settings;
        settings.jitter = 0;
        return settings;
    }

    /// Moves to the next thing that is due and answers it; what was sent.
    std::string step(int status) {
        if (registrar.due() == TimePoint::max()) return "nothing";
        clock.advance(std::max<Duration>(registrar.due() - clock.now(), 0ns));
        const auto sent = registrar.begin(clock.now());
        if (!sent) return "nothing";
        EXPECT_FALSE(registrar.begin(clock.now())) << "one request at a time";
        registrar.answered(*sent, status, clock.now(), clock.wall_now());
        const EurekaCall call = announcement_call(*sent);
        return fmt::format("{} {} {}", age(), call.method, call.path);
    }

    std::string fail_step(bool timed_out = false) {
        if (registrar.due() == TimePoint::max()) return "nothing";
        clock.advance(std::max<Duration>(registrar.due() - clock.now(), 0ns));
        const auto sent = registrar.begin(clock.now());
        if (!sent) return "nothing";
        registrar.failed(*sent, timed_out, clock.now());
        return fmt::format("{} {}", age(), announcement_call(*sent).method);
    }

    std::int64_t age() const {
        return std::chrono::duration_cast<std::chrono::seconds>(clock.now() - start).count();
    }

    void ready() { registrar.set_status(InstanceStatus::up, clock.now(), clock.wall_now()); }

    void become_registered() {
        ready();
        EXPECT_EQ(step(204), fmt::format("{} POST apps/USER-SERVICE", age()));
        EXPECT_TRUE(registrar.registered());
    }

    ManualClock clock{WallTime{1'700'000'000'000ms}};
    TimePoint start = clock.now();
    EurekaRegistrar registrar{
        info("user-service", "h1", InstanceStatus::starting),
        exact(),
        Random(1),
        clock.now(),
        clock.wall_now()
    };
};

using DiscoveryRegistrarFacts = Registrar;

TEST_F(DiscoveryRegistrarFacts, S18_2_RegistersAsSoonAsItIsReady) {
    EXPECT_FALSE(registrar.begin(clock.now())) << "nothing before it is ready";
    clock.advance(2s);
    ready();
    const auto sent = registrar.begin(clock.now());
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->kind, Kind::register_);
    EXPECT_EQ(sent->instance.status, InstanceStatus::up);
    EXPECT_EQ(sent->instance.last_dirty_timestamp, 1'700'000'002'000);
    const EurekaCall call = announcement_call(*sent);
    EXPECT_EQ(call.method, "POST");
    EXPECT_EQ(call.path, "apps/USER-SERVICE");
    EXPECT_TRUE(call.body.starts_with("{\"instance\":{")) << call.body;
}

TEST_F(DiscoveryRegistrarFacts, S18_2_WhoIsNeverReadyRegistersAfter40Seconds) {
    EXPECT_EQ(step(404).substr(0, 6), "30 PUT") << "a heartbeat comes every 30 s, registered or not";
    EXPECT_EQ(step(204), "30 POST apps/USER-SERVICE") << "404: at once";
    EurekaRegistrar other(
        info("user-service", "h1", InstanceStatus::starting),
        exact(),
        Random(1),
        clock.now(),
        clock.wall_now()
    );
    clock.advance(30s);
    const auto heartbeat = other.begin(clock.now());
    ASSERT_EQ(heartbeat->kind, Kind::heartbeat);
    other.failed(*heartbeat, false, clock.now());
    clock.advance(10s);
    const auto first = other.begin(clock.now());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->kind, Kind::register_);
    EXPECT_EQ(first->instance.status, InstanceStatus::starting);
}

TEST_F(DiscoveryRegistrarFacts, S18_2_AFailedRegistrationIsSentAgainWithin30Seconds) {
    ready();
    EXPECT_EQ(fail_step(), "0 POST");
    EXPECT_EQ(fail_step(), "1 POST");
    EXPECT_EQ(fail_step(), "3 POST");
    EXPECT_EQ(fail_step(), "7 POST");
    EXPECT_EQ(step(204), "15 POST apps/USER-SERVICE");
}

TEST_F(DiscoveryRegistrarFacts, S18_3_RenewsEvery30Seconds) {
    become_registered();
    const std::string heartbeat =
        "PUT apps/USER-SERVICE/h1:user-service:8080?status=UP&lastDirtyTimestamp=1700000000001";
    EXPECT_EQ(step(200), "30 " + heartbeat);
    while (age() < 60) (void)step(200);
    EXPECT_EQ(age(), 60);
}

TEST_F(DiscoveryRegistrarFacts, S18_3_A404OnAHeartbeatRegistersAnewAtOnce) {
    become_registered();
    EXPECT_EQ(step(404).substr(0, 6), "30 PUT");
    EXPECT_FALSE(registrar.registered());
    const auto again = registrar.begin(clock.now());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kind, Kind::register_);
    EXPECT_EQ(again->instance.last_dirty_timestamp, 1'700'000'030'000) << "dirty is now";
    registrar.answered(*again, 204, clock.now(), clock.wall_now());
    EXPECT_TRUE(registrar.registered());
}

TEST_F(DiscoveryRegistrarFacts, S18_3_ARegistrationAfterA404InsistsOn204) {
    become_registered();
    EXPECT_EQ(step(404).substr(0, 6), "30 PUT");
    EXPECT_EQ(step(200), "30 POST apps/USER-SERVICE") << "not 204: it stays dirty";
    bool again = false;
    while (age() < 60) again = step(204).find("POST") != std::string::npos || again;
    EXPECT_TRUE(again);
}

TEST_F(DiscoveryRegistrarFacts, S18_5_NothingIsSentTwiceUnlessItChanged) {
    become_registered();
    while (age() < 300) EXPECT_EQ(step(200).find("POST"), std::string::npos);
}

TEST_F(DiscoveryRegistrarFacts, S18_5_ChangesAreToldAtOnceUpToTwoInARowAndTheRestWithin30Seconds) {
    become_registered();
    registrar.set_metadata({{"a", "1"}}, clock.now(), clock.wall_now());
    EXPECT_EQ(step(204), "0 POST apps/USER-SERVICE");
    registrar.set_metadata({{"a", "2"}}, clock.now(), clock.wall_now());
    EXPECT_EQ(registrar.due(), clock.now() + 30s) << "the burst is used up";
    bool told = false;
    while (age() < 31 && !told) told = step(204).find("POST") != std::string::npos;
    EXPECT_TRUE(told);
    EXPECT_EQ(age(), 30);
    clock.advance(60s);
    registrar.set_metadata({{"a", "3"}}, clock.now(), clock.wall_now());
    EXPECT_EQ(step(204), "90 POST apps/USER-SERVICE") << "four in a minute";
}

TEST_F(DiscoveryRegistrarFacts, S18_6_SaysDownOnceAndGoodbye3SecondsLater) {
    become_registered();
    clock.advance(10s);
    registrar.leave(clock.now(), clock.wall_now());
    const auto down = registrar.begin(clock.now());
    ASSERT_TRUE(down);
    EXPECT_EQ(down->kind, Kind::register_);
    EXPECT_EQ(down->instance.status, InstanceStatus::down);
    registrar.answered(*down, 204, clock.now(), clock.wall_now());
    EXPECT_TRUE(registrar.said_down());
    EXPECT_EQ(step(200), "13 DELETE apps/USER-SERVICE/h1:user-service:8080");
    EXPECT_TRUE(registrar.gone());
    EXPECT_EQ(registrar.due(), TimePoint::max());
}

TEST_F(Registrar, GoodbyeNeedNotWait) {
    become_registered();
    registrar.leave(clock.now(), clock.wall_now());
    EXPECT_EQ(step(204), "0 POST apps/USER-SERVICE");
    registrar.leave_now(clock.now());
    EXPECT_EQ(step(200), "0 DELETE apps/USER-SERVICE/h1:user-service:8080");
}

TEST_F(Registrar, GoodbyeIsSaidWhereverTheWordOfDownFailed) {
    become_registered();
    registrar.leave(clock.now(), clock.wall_now());
    EXPECT_EQ(fail_step(), "0 POST");
    EXPECT_EQ(fail_step(), "3 DELETE");
    EXPECT_TRUE(registrar.gone()) << "once is enough: the lease ends by itself";
}

TEST_F(Registrar, WhoNeverRegisteredLeavesWithoutAWord) {
    registrar.leave(clock.now(), clock.wall_now());
    EXPECT_TRUE(registrar.gone());
    EXPECT_EQ(step(200), "nothing");
}

TEST_F(Registrar, WhoIsToStayRegisteredLeavesWithoutAWord) {
    auto settings = exact();
    settings.unregister = false;
    EurekaRegistrar stays(info("a", "h1"), settings, Random(1), clock.now(), clock.wall_now());
    stays.set_status(InstanceStatus::down, clock.now(), clock.wall_now());
    (void)stays.begin(clock.now());
    stays.leave(clock.now(), clock.wall_now());
    EXPECT_TRUE(stays.gone());
}

TEST_F(Registrar, LeavingWhileARegistrationIsUnderWaySaysDownAfterwards) {
    ready();
    const auto up = registrar.begin(clock.now());
    registrar.leave(clock.now(), clock.wall_now());
    EXPECT_FALSE(registrar.begin(clock.now()));
    registrar.answered(*up, 204, clock.now(), clock.wall_now());
    EXPECT_FALSE(registrar.said_down());
    const auto down = registrar.begin(clock.now());
    ASSERT_TRUE(down);
    EXPECT_EQ(down->instance.status, InstanceStatus::down);
}

TEST_F(Registrar, AChangeWhileARequestIsUnderWayIsNotForgotten) {
    ready();
    const auto first = registrar.begin(clock.now());
    registrar.set_status(InstanceStatus::out_of_service, clock.now(), clock.wall_now());
    registrar.answered(*first, 204, clock.now(), clock.wall_now());
    const auto second = registrar.begin(clock.now());
    ASSERT_TRUE(second);
    EXPECT_EQ(second->instance.status, InstanceStatus::out_of_service);
}

TEST_F(Registrar, AClockThatStepsBackDoesNotMakeNewsOld) {
    become_registered();
    const std::int64_t before = registrar.self().last_dirty_timestamp;
    clock.set_wall(clock.wall_now() - 24h);
    EXPECT_EQ(step(404).substr(0, 6), "30 PUT");
    EXPECT_GT(registrar.self().last_dirty_timestamp, before);
    EXPECT_EQ(step(204), "30 POST apps/USER-SERVICE");
    EXPECT_EQ(step(200).substr(0, 6), "60 PUT") << "timers do not look at the wall clock";
}

TEST_F(Registrar, TimedOutHeartbeatsDoubleTheirDelayUpToTenTimes) {
    become_registered();
    TimePoint last = clock.now();
    std::vector<std::int64_t> gaps;
    while (gaps.size() < 6) {
        if (fail_step(true).find("PUT") == std::string::npos) continue;
        gaps.push_back(std::chrono::duration_cast<std::chrono::seconds>(clock.now() - last).count());
        last = clock.now();
    }
    EXPECT_EQ(gaps, (std::vector<std::int64_t>{30, 60, 120, 240, 300, 300}));
}

TEST_F(Registrar, RenewsSoonWhenTheRegistryIsBack) {
    become_registered();
    registrar.hurry(clock.now());
    EXPECT_LE(registrar.due() - clock.now(), 1s);
}

TEST(EurekaCalls, S18_7_OverridesAreSetAndTakenBack) {
    auto self = info("user-service", "h1");
    self.last_dirty_timestamp = 7;
    const EurekaCall set = override_call(self, InstanceStatus::out_of_service);
    EXPECT_EQ(set.method, "PUT");
    EXPECT_EQ(
        set.path, "apps/USER-SERVICE/h1:user-service:8080/status?value=OUT_OF_SERVICE&lastDirtyTimestamp=7"
    );
    const EurekaCall back = override_call(self, std::nullopt);
    EXPECT_EQ(back.method, "DELETE");
    EXPECT_EQ(back.path, "apps/USER-SERVICE/h1:user-service:8080/status?lastDirtyTimestamp=7") << "no value";
    EXPECT_EQ(query_call(self).path, "apps/USER-SERVICE/h1:user-service:8080");
}

TEST(EurekaCalls, S18_RemoteRegionsAreAskedForInBothReads) {
    EXPECT_EQ(fetch_call(Fetch::full, "").path, "apps/");
    EXPECT_EQ(fetch_call(Fetch::delta, "").path, "apps/delta");
    EXPECT_EQ(fetch_call(Fetch::full, "us,eu").path, "apps/?regions=us%2Ceu");
    EXPECT_EQ(fetch_call(Fetch::delta, "us").path, "apps/delta?regions=us");
}

TEST(EurekaCalls, S18_AcceptedCodes) {
    using Call = EurekaCall::Kind;
    for (const Call kind : {Call::full, Call::delta, Call::register_, Call::heartbeat, Call::cancel}) {
        EXPECT_TRUE(accepts(kind, 200));
        EXPECT_TRUE(accepts(kind, 204));
        EXPECT_TRUE(accepts(kind, 302));
        EXPECT_EQ(accepts(kind, 503), kind == Call::cancel);
    }
    EXPECT_TRUE(accepts(Call::register_, 404));
    EXPECT_TRUE(accepts(Call::heartbeat, 404));
    EXPECT_TRUE(accepts(Call::delta, 403));
    EXPECT_TRUE(accepts(Call::delta, 404));
    EXPECT_FALSE(accepts(Call::full, 403));
    EXPECT_FALSE(accepts(Call::full, 404));
    EXPECT_FALSE(accepts(Call::heartbeat, 403));
}

}  // namespace

}  // namespace flotilla::discovery
