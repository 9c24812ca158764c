#include "flotilla/actuator/scheduled_tasks.hpp"

#include <gtest/gtest.h>

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;
using reflect::Json;

const WallTime noon{std::chrono::hours(12)};

TEST(ScheduledTasks, ListsTasksByKindWithTheirRuns) {
    ScheduledTasks tasks;
    auto cron =
        tasks.add({.target = "StockJob.reconcile", .kind = TriggerKind::cron, .expression = "0 0 * * * *"});
    auto delay = tasks.add({.target = "Heartbeat.run", .kind = TriggerKind::fixed_delay, .interval = 30s});
    auto rate =
        tasks.add({.target = "Poll.run", .kind = TriggerKind::fixed_rate, .initial_delay = 1s, .interval = 5s}
        );
    auto custom = tasks.add({.target = "Own.run", .kind = TriggerKind::custom, .expression = "when idle"});
    cron.next_at(noon + 1h);
    cron.started(noon);
    rate.started(noon);
    rate.succeeded(noon + 20ms);
    EXPECT_EQ(
        tasks.json().text(),
        R"({"cron":[{"runnable":{"target":"StockJob.reconcile"},"expression":"0 0 * * * *",)"
        R"("nextExecution":{"time":"1970-01-01T13:00:00Z"},"lastExecution":{"status":"STARTED","time":"1970-01-01T12:00:00Z"}}],)"
        R"("fixedDelay":[{"runnable":{"target":"Heartbeat.run"},"initialDelay":0,"interval":30000}],)"
        R"("fixedRate":[{"runnable":{"target":"Poll.run"},"initialDelay":1000,"interval":5000,)"
        R"("lastExecution":{"status":"SUCCESS","time":"1970-01-01T12:00:00.020Z"}}],)"
        R"("custom":[{"runnable":{"target":"Own.run"},"trigger":"when idle"}]})"
    );
}

TEST(ActuatorFacts, F20_ATaskThatThrowsShowsErrorWithTypeAndMessage) {
    ScheduledTasks tasks;
    auto report = tasks.add({.target = "Heartbeat.run", .interval = 30s});
    report.failed(noon, "TimeoutError", "registry");
    const Json last = tasks.json()["fixedDelay"][0]["lastExecution"];
    EXPECT_EQ(last["status"], Json("ERROR"));
    EXPECT_EQ(last["exception"].text(), R"({"type":"TimeoutError","message":"registry"})");
}

TEST(ScheduledTasks, ForgetsATaskWithItsReport) {
    ScheduledTasks tasks;
    {
        auto report = tasks.add({.target = "a"});
        auto moved = std::move(report);
        EXPECT_EQ(tasks.json()["fixedDelay"].size(), 1U);
    }
    EXPECT_EQ(tasks.json()["fixedDelay"].size(), 0U);
}

}  // namespace

}  // namespace flotilla::actuator
