#include "flotilla/log/log_system.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "flotilla/base/units.hpp"
#include "flotilla/log/captured_log.hpp"

namespace flotilla::log {
struct Unprintable {};
}  // namespace flotilla::log

template <>
struct fmt::formatter<flotilla::log::Unprintable> {
    constexpr auto parse(format_parse_context& context) { return context.begin(); }

    template <class Context>
    auto format(const flotilla::log::Unprintable&, Context& context) const -> decltype(context.out()) {
        throw std::runtime_error("no text");
    }
};

namespace flotilla::log {
namespace {

using namespace std::chrono_literals;

ManualClock clock_at(std::string_view time) {
    return ManualClock(*parse_iso_time(time));
}

TEST(LogSystem, WritesTheConsoleLineOfTheSpecification) {
    const ManualClock clock = clock_at("2026-03-09T17:45:40.516Z");
    CapturedLog log({.service = "user-service"}, clock);
    const Logger logger = log.logger("o.UserController");
    std::thread([&] {
        set_thread_name("io-1");
        TaskContext task;
        task.trace = {
            .trace_high = 0x5e8eeec48b08e268, .trace_low = 0x82aba313eb08f0a4, .span_id = 0xdcc1df555b5777b3
        };
        const TaskContext::Scope scope(task);
        logger.info("created");
    }).join();
    EXPECT_EQ(
        log.lines(),
        std::vector{fmt::format(
            "2026-03-09 17:45:40.516  INFO [user-service,5e8eeec48b08e26882aba313eb08f0a4,dcc1df555b5777b3] "
            "{} --- "
            "[io-1] o.UserController : created",
            getpid()
        )}
    );
}

TEST(LogSystem, KeepsTheCommasWithoutATrace) {
    const ManualClock clock = clock_at("2026-03-09T17:45:41.002Z");
    CapturedLog log({.service = "user-service"}, clock);
    log.logger("boot").info("started in {} ms", 41);
    EXPECT_EQ(
        log.lines(),
        std::vector{fmt::format(
            "2026-03-09 17:45:41.002  INFO [user-service,,] {} --- [main] boot : started in 41 ms", getpid()
        )}
    );
}

TEST(LogSystem, ADefaultLoggerIsSilent) {
    const Logger logger;
    EXPECT_FALSE(logger.enabled(Level::error));
    logger.error("nobody hears {}", 1);
}

TEST(LogSystem, WritesKeysAndValuesAfterTheMessage) {
    CapturedLog log;
    log.logger("order").warn(
        {{"orderId", 17}, {"state", "open"}, {"ratio", 0.5}, {"paid", false}, {"password", "x"}},
        "stock is low"
    );
    EXPECT_EQ(log.count_of(" : stock is low orderId=17 state=open ratio=0.5 paid=false password=******"), 1u);
}

TEST(LogSystem, HidesSecretsInMessagesAndFields) {
    CapturedLog log;
    log.system().add_secret("hunter2-long");
    log.system().add_secret("abc");
    log.logger("db").info(
        {{"url", "mysql://u?password=abcd"}}, "login with hunter2-long, password=s3cret ok abc"
    );
    EXPECT_EQ(log.count_of("login with ******, password=****** ok abc url=mysql://u?password=******"), 1u);
}

TEST(LogSystem, CountsEventsByLevel) {
    CapturedLog log;
    const Logger logger = log.logger("x");
    logger.error("1");
    logger.warn("2");
    logger.warn("3");
    logger.debug("not enabled");
    EXPECT_EQ(log.system().counts().of(Level::error), 1u);
    EXPECT_EQ(log.system().counts().of(Level::warn), 2u);
    EXPECT_EQ(log.system().counts().of(Level::debug), 0u);
}

TEST(LogSystem, ALineThatCannotBeFormattedSaysSo) {
    CapturedLog log;
    log.logger("x").info("value {}", Unprintable{});
    EXPECT_EQ(log.count_of("this line could not be formatted: no text"), 1u);
}

TEST(LogSystem, CutsLongMessages) {
    CapturedLog log({.max_message = 10});
    log.logger("x").info("0123456789abcdef");
    EXPECT_EQ(log.count_of(" : 0123456789... (6 more bytes)"), 1u);
}

TEST(LogSystem, AddsTheBaggageOfTheTaskToJsonLines) {
    CapturedLog log({}, Clock::system(), {.format = Format::json});
    TaskContext task;
    task.fields = std::make_shared<const TaskFields>(
        TaskFields{{{"tenant", "blue", false, true}, {"hidden", "x", true, false}}, ""}
    );
    const TaskContext::Scope scope(task);
    log.logger("x").info("hello");
    EXPECT_EQ(log.count_of(R"("message":"hello","tenant":"blue"})"), 1u);
}

TEST(LogSystem, LetsOneLineThroughPerInterval) {
    ManualClock clock;
    CapturedLog log({}, clock);
    const Logger logger = log.logger("x");
    Every gate(10s);
    for (int i = 0; i < 5; ++i) logger.warn_every(gate, "slow {}", i);
    clock.advance(10s);
    logger.warn_every(gate, "slow again");
    const auto lines = log.lines();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_TRUE(lines[0].ends_with(": slow 0"));
    EXPECT_TRUE(lines[1].ends_with(": slow again suppressed=4"));
}

TEST(LogSystem, EveryLineOfEveryThreadArrives) {
    CapturedLog log({.ring = Bytes::mega(8)});
    const Logger logger = log.logger("x");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 2000; ++i) logger.info("line {} of {}", i, t);
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(log.lines().size(), 8000u);
    EXPECT_EQ(log.count_of(" of 3"), 2000u);
    EXPECT_EQ(log.system().counts().dropped, 0u);
}

/// Holds the writer until it is opened.
class GateSink final : public Sink {
public:
    void write(const Record& record) override {
        std::unique_lock lock(mutex_);
        open_.wait(lock, [&] { return is_open_; });
        lines_.emplace_back(record.message);
    }

    void flush() override {}

    void open() {
        const std::scoped_lock lock(mutex_);
        is_open_ = true;
        open_.notify_all();
    }

    std::vector<std::string> lines() {
        const std::scoped_lock lock(mutex_);
        return lines_;
    }

private:
    std::mutex mutex_;
    std::condition_variable open_;
    bool is_open_ = false;
    std::vector<std::string> lines_;
};

TEST(LogSystem, DropsWhenTheRingIsFullAndTellsTheNumber) {
    auto sink = std::make_unique<GateSink>();
    GateSink& gate = *sink;
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::move(sink));
    LogSystem system({.ring = {1}, .error_wait = 1ms}, std::move(sinks));
    const Logger logger = system.logger("x");
    for (int i = 0; i < 2000; ++i) logger.info("line {}", i);
    const std::uint64_t dropped = system.counts().dropped;
    EXPECT_GT(dropped, 0u);
    logger.error("waits, then gives up");
    EXPECT_EQ(system.counts().dropped, dropped + 1);
    gate.open();
    system.flush();
    const auto lines = gate.lines();
    EXPECT_EQ(lines.front(), "line 0");
    EXPECT_EQ(lines.size(), 2000 - dropped + 1);
    const std::string report =
        fmt::format("{} log lines were dropped because they came too fast", dropped + 1);
    EXPECT_EQ(std::ranges::count(lines, report), 1);
}

TEST(LogSystem, AnErrorWaitsForRoom) {
    auto sink = std::make_unique<GateSink>();
    GateSink& gate = *sink;
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::move(sink));
    LogSystem system({.ring = {1}, .error_wait = 60s}, std::move(sinks));
    const Logger logger = system.logger("x");
    while (system.counts().dropped == 0) logger.info("filler");
    std::thread failing([&] { logger.error("must not be lost"); });
    gate.open();
    failing.join();
    system.flush();
    const auto lines = gate.lines();
    EXPECT_NE(std::find(lines.begin(), lines.end(), "must not be lost"), lines.end());
}

TEST(LogSystem, WritesWhatIsLeftWhenItEnds) {
    auto sink = std::make_unique<GateSink>();
    GateSink& gate = *sink;

    struct Kept final : Sink {
        explicit Kept(std::vector<std::string>& to) : lines(to) {}

        void write(const Record& record) override { lines.emplace_back(record.message); }

        void flush() override {}

        std::vector<std::string>& lines;
    };

    std::vector<std::string> kept;
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::move(sink));
    sinks.push_back(std::make_unique<Kept>(kept));
    {
        LogSystem system({}, std::move(sinks));
        for (int i = 0; i < 100; ++i) system.logger("x").info("line {}", i);
        gate.open();
    }
    EXPECT_EQ(kept.size(), 100u);
}

TEST(LogSystemDeathTest, WritesTheLastLinesWhenTheProcessCrashes) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            std::vector<std::unique_ptr<Sink>> sinks;
            sinks.push_back(console_sink({.colour = Colour::never}, 2));
            LogSystem system({}, std::move(sinks));
            system.flush_on_crash();
            system.logger("x").info("the last words");
            std::raise(SIGABRT);
        },
        testing::KilledBySignal(SIGABRT),
        "the last words"
    );
}

}  // namespace
}  // namespace flotilla::log
