#include "flotilla/zipkin/delivery.hpp"

#include <gtest/gtest.h>

namespace flotilla::zipkin {

namespace {

using namespace std::chrono_literals;
using Step = Delivery::Step;
using Tell = Delivery::Tell;

Attempt answered(int status, unsigned number = 1, std::optional<Duration> retry_after = std::nullopt) {
    return {.number = number, .status = status, .retry_after = retry_after};
}

Attempt failed(Errc code, unsigned number = 1) {
    return {.number = number, .error = Error(code, "why")};
}

class DeliveryTest : public ::testing::Test {
protected:
    Delivery::Verdict judge(const Attempt& attempt) { return delivery.judge(attempt, random); }

    Delivery delivery;
    Random random{7};
};

TEST_F(DeliveryTest, EveryStatusOf200To299IsFine) {
    for (const int status : {200, 202, 204}) {
        EXPECT_EQ(judge(answered(status)).step, Step::sent);
        EXPECT_EQ(judge(answered(status)).tell, Tell::nothing);
    }
}

TEST_F(DeliveryTest, RetriesOnceAfterAPauseThatVaries) {
    for (const Attempt& attempt :
         {answered(429), answered(503), failed(Errc::refused), failed(Errc::closed), failed(Errc::unavailable)
         }) {
        const auto verdict = judge(attempt);
        EXPECT_EQ(verdict.step, Step::retry);
        EXPECT_EQ(verdict.tell, Tell::nothing);
        EXPECT_GE(verdict.pause, 100ms);
        EXPECT_LE(verdict.pause, 300ms);
    }
    EXPECT_NE(judge(answered(503)).pause, judge(answered(503)).pause);
    EXPECT_EQ(judge(answered(503, 2)).step, Step::give_up);
}

TEST_F(DeliveryTest, DoesNotRepeatWhatCannotGetBetter) {
    for (const Attempt& attempt : {answered(400), answered(500), answered(404), failed(Errc::timed_out)})
        EXPECT_EQ(judge(attempt).step, Step::give_up);
}

TEST_F(DeliveryTest, HonoursRetryAfterUpToALimit) {
    EXPECT_EQ(judge(answered(503, 1, 2s)).pause, 2s);
    EXPECT_EQ(judge(answered(429, 1, 60s)).step, Step::give_up);
    EXPECT_EQ(parse_retry_after(" 3 "), 3s);
    EXPECT_FALSE(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT"));
    EXPECT_FALSE(parse_retry_after("-1"));
    EXPECT_FALSE(parse_retry_after(""));
}

TEST_F(DeliveryTest, WarnsOnceAndTellsOfTheRecovery) {
    EXPECT_EQ(judge(failed(Errc::timed_out)).tell, Tell::warning);
    EXPECT_EQ(judge(failed(Errc::timed_out)).tell, Tell::debug);
    EXPECT_EQ(judge(answered(500)).tell, Tell::debug);
    const auto recovered = judge(answered(202));
    EXPECT_EQ(recovered.tell, Tell::recovery);
    EXPECT_EQ(recovered.messages_lost, 3U);
    EXPECT_EQ(judge(answered(202)).tell, Tell::nothing);
    EXPECT_EQ(judge(answered(500)).tell, Tell::warning);
}

TEST_F(DeliveryTest, NamesTheCause) {
    EXPECT_EQ(judge(answered(500)).cause, "status_500");
    EXPECT_EQ(judge(failed(Errc::timed_out)).cause, "timed_out");
    EXPECT_EQ(judge(failed(Errc::refused, 2)).cause, "refused");
    EXPECT_EQ(judge(failed(Errc::closed, 2)).cause, "closed");
    EXPECT_EQ(judge(failed(Errc::io)).cause, "other");
}

}  // namespace

}  // namespace flotilla::zipkin
