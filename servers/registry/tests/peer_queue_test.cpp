#include "flotilla/registry/peer_queue.hpp"

#include <gtest/gtest.h>

#include "fixture.hpp"

namespace flotilla::registry {
namespace {

using namespace testing;
using eureka::ReplicationAction;
using eureka::ReplicationAnswer;

ReplicationTask task(ReplicationAction action, std::string id = "1") {
    return {.action = action, .app = "A", .id = std::move(id)};
}

class PeerQueueTest : public ::testing::Test {
protected:
    std::vector<eureka::ReplicationItem> take() { return queue.take(f.registry, f.clock.now()); }

    Fixture f;
    PeerQueue queue{PeerQueue::Config{}};
};

TEST_F(PeerQueueTest, SendsABatchWhenTheOldestTaskIsHalfASecondOld) {
    f.enroll("1");
    queue.offer(task(ReplicationAction::register_), f.clock.now());
    f.clock.advance(499ms);
    EXPECT_TRUE(take().empty());
    f.clock.advance(1ms);
    const auto batch = take();
    ASSERT_EQ(batch.size(), 1u);
    EXPECT_EQ(batch.front().instance_info->instance_id, "1");
    EXPECT_EQ(batch.front().last_dirty_timestamp, 100);
    EXPECT_FALSE(queue.due()) << "one is on its way";
    queue.answered({{.status_code = 200}}, f.clock.now());
    EXPECT_FALSE(queue.due()) << "nothing is left";
}

TEST_F(PeerQueueTest, SendsInPortionsAndTheNewestOfAKindOnly) {
    for (int i = 0; i < 300; ++i) f.enroll(std::to_string(i));
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 300; ++i)
            queue.offer(task(ReplicationAction::heartbeat, std::to_string(i)), f.clock.now());
    EXPECT_EQ(queue.stats().queued, 300u);
    EXPECT_EQ(take().size(), 250u) << "a full batch does not wait";
}

TEST_F(PeerQueueTest, IsNotHeldBackByTasksThatAreReplacedAllTheTime) {
    f.enroll("1");
    for (int i = 0; i < 5; ++i) {
        queue.offer(task(ReplicationAction::heartbeat), f.clock.now());
        EXPECT_TRUE(take().empty());
        f.clock.advance(100ms);
    }
    EXPECT_EQ(take().size(), 1u);
}

TEST_F(PeerQueueTest, ShowsTheInstanceAsItIsWhenItIsSent) {
    f.enroll("1", 100);
    queue.offer(task(ReplicationAction::heartbeat), f.clock.now());
    f.enroll("1", 200);
    f.registry.override_status("A", "1", InstanceStatus::down, {}, f.at());
    f.clock.advance(1s);
    const auto batch = take();
    EXPECT_EQ(batch.front().last_dirty_timestamp, 200);
    EXPECT_EQ(batch.front().overridden_status, "DOWN");
}

TEST_F(PeerQueueTest, LeavesOutWhatIsGoneOrTooOld) {
    f.enroll("1");
    queue.offer(task(ReplicationAction::heartbeat), f.clock.now());
    queue.offer(task(ReplicationAction::cancel, "2"), f.clock.now());
    f.registry.cancel("A", "1", f.at());
    f.clock.advance(1s);
    ASSERT_EQ(take().size(), 1u);
    queue.failed(SendFailure::busy, f.clock.now());
    f.clock.advance(30s);
    EXPECT_TRUE(take().empty());
    EXPECT_EQ(queue.stats().dropped, 1u);
}

TEST_F(PeerQueueTest, RepeatsWhatCouldNotBeSentAfterAPause) {
    f.enroll("1");
    queue.offer(task(ReplicationAction::register_), f.clock.now());
    f.clock.advance(1s);
    ASSERT_EQ(take().size(), 1u);
    queue.failed(SendFailure::unreachable, f.clock.now());
    EXPECT_TRUE(take().empty());
    f.clock.advance(100ms);
    EXPECT_EQ(take().size(), 1u);
    queue.failed(SendFailure::refused, f.clock.now());
    f.clock.advance(10s);
    EXPECT_TRUE(take().empty()) << "saying the same again cannot help";
}

TEST_F(PeerQueueTest, AnAnswerOfAnotherLengthMeansNothing) {
    f.enroll("1");
    queue.offer(task(ReplicationAction::heartbeat), f.clock.now());
    f.clock.advance(1s);
    ASSERT_EQ(take().size(), 1u);
    EXPECT_TRUE(queue.answered({}, f.clock.now()).adopt.empty());
    EXPECT_FALSE(queue.due());
}

TEST_F(PeerQueueTest, DropsTheOldestWhenTooMuchWaits) {
    PeerQueue small(PeerQueue::Config{.capacity = 2});
    for (const char* id : {"1", "2", "3"}) {
        f.enroll(id);
        small.offer(task(ReplicationAction::register_, id), f.clock.now());
    }
    f.clock.advance(1s);
    const auto batch = small.take(f.registry, f.clock.now());
    ASSERT_EQ(batch.size(), 2u);
    EXPECT_EQ(batch.front().id, "2");
}

TEST(DiscoveryFacts, F24_AHeartbeatForAnUnknownInstanceIsFollowedByItsRegistration) {
    Fixture here;
    Fixture there;
    PeerQueue queue{PeerQueue::Config{}};
    here.enroll("1");
    queue.offer(task(ReplicationAction::heartbeat), here.clock.now());
    here.clock.advance(1s);
    const auto answers = apply_batch(there.registry, queue.take(here.registry, here.clock.now()), there.at());
    EXPECT_EQ(eureka::encode_replication_answers(answers), R"({"responseList":[{"statusCode":404}]})");
    queue.answered(answers, here.clock.now());
    here.clock.advance(1s);
    const auto next = queue.take(here.registry, here.clock.now());
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next.front().action, ReplicationAction::register_);
    apply_batch(there.registry, next, there.at());
    EXPECT_TRUE(there.registry.holder("A", "1"));
}

TEST(DiscoveryFacts, F25_AnOlderHeartbeatIsAnsweredWithTheNewerInstance) {
    Fixture here;
    Fixture there;
    here.enroll("1", 100);
    there.enroll("1", 200);
    PeerQueue queue{PeerQueue::Config{}};
    queue.offer(task(ReplicationAction::heartbeat), here.clock.now());
    here.clock.advance(1s);
    const auto answers = apply_batch(there.registry, queue.take(here.registry, here.clock.now()), there.at());
    ASSERT_EQ(answers.front().status_code, 409);
    EXPECT_EQ(answers.front().response_entity->instance_id, "1");
    const auto verdict = queue.answered(answers, here.clock.now());
    ASSERT_EQ(verdict.adopt.size(), 1u);
    EXPECT_EQ(verdict.adopt.front()->last_dirty_timestamp, 200);
}

TEST(DiscoveryFacts, F38_ItemsOfABatchFailOneByOne) {
    Fixture f;
    const auto items = *eureka::decode_replication(
        R"({"replicationList":[{"appName":"A","id":"1"},{"id":"1","action":"Cancel"},{"appName":"A","id":"1","action":"Register"},)"
        R"({"appName":"A","id":"1","action":"Register","instanceInfo":{"app":"A","instanceId":"1"}},)"
        R"({"appName":"A","id":"1","action":"Cancel"},{"appName":"A","id":"1","action":"DeleteStatusOverride"}]})"
    );
    std::vector<int> codes;
    for (const auto& answer : apply_batch(f.registry, items, f.at())) codes.push_back(answer.status_code);
    EXPECT_EQ(codes, (std::vector<int>{500, 500, 500, 200, 404, 500}));
    EXPECT_EQ(f.registry.size(), 0u);
}

}  // namespace
}  // namespace flotilla::registry
