#include "flotilla/eureka/replication.hpp"

#include <gtest/gtest.h>

#include "sample.hpp"

namespace flotilla::eureka {
namespace {

using namespace testing;

TEST(Replication, WritesItemsInTheOrderOfTheOriginal) {
    const std::vector<ReplicationItem> items{
        {.app_name = "USER-SERVICE",
         .id = "h1:user-service:8080",
         .last_dirty_timestamp = 1700000000100,
         .overridden_status = "DOWN",
         .status = "UP",
         .action = ReplicationAction::heartbeat},
        {.app_name = "ORDER-SERVICE", .id = "h3:order-service:8080", .action = ReplicationAction::cancel},
    };
    const std::string text = encode_replication(items);
    EXPECT_EQ(
        text,
        R"({"replicationList":[{"appName":"USER-SERVICE","id":"h1:user-service:8080","lastDirtyTimestamp":1700000000100,)"
        R"("overriddenStatus":"DOWN","status":"UP","action":"Heartbeat"},)"
        R"({"appName":"ORDER-SERVICE","id":"h3:order-service:8080","action":"Cancel"}]})"
    );
    const auto back = decode_replication(text);
    ASSERT_TRUE(back);
    EXPECT_EQ(encode_replication(*back), text);
}

TEST(Replication, CarriesInstancesWithoutARoot) {
    const std::vector<ReplicationItem> items{
        {.app_name = "USER-SERVICE",
         .id = "1",
         .instance_info = shared(user_service()),
         .action = ReplicationAction::register_}
    };
    const auto back = decode_replication(encode_replication(items));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back->front().instance_info, user_service());
}

TEST(DiscoveryFacts, F38_AnUnknownActionOrMemberRefusesTheBatch) {
    EXPECT_FALSE(decode_replication(R"({"replicationList":[{"appName":"A","id":"1","action":"Renew"}]})"));
    EXPECT_FALSE(decode_replication(R"({"replicationList":[{"appName":"A","id":"1","what":1}]})"));
    EXPECT_FALSE(decode_replication(R"({"replicationList":{}})"));
    EXPECT_FALSE(decode_replication(R"({"list":[]})"));
    EXPECT_FALSE(decode_replication("null"));
    const auto without = decode_replication(R"({"replicationList":[{"appName":"A","id":"1"}]})");
    ASSERT_TRUE(without);
    EXPECT_FALSE(without->front().action);
}

TEST(DiscoveryFacts, F25_AnAnswerCarriesTheNewerInstanceWithoutARoot) {
    const std::vector<ReplicationAnswer> answers{
        {.status_code = 404}, {.status_code = 409, .response_entity = shared(user_service())}
    };
    const std::string text = encode_replication_answers(answers);
    EXPECT_TRUE(text.starts_with(
        R"({"responseList":[{"statusCode":404},{"statusCode":409,"responseEntity":{"instanceId":"h1:user-service:8080")"
    ));
    const auto back = decode_replication_answers(text);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->at(0).status_code, 404);
    EXPECT_EQ(*back->at(1).response_entity, user_service());
}

}  // namespace
}  // namespace flotilla::eureka
