#include "flotilla/service/service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/runtime/stream.hpp"
#include "quiet_service.hpp"

namespace flotilla::service {
namespace {

using namespace std::chrono_literals;

struct Greeting {
    std::string message;
};

FLT_DESCRIBE(Greeting, message)

ServiceOptions quiet(std::vector<std::string> properties = {}) {
    return test_support::quietly({.name = "test"}, std::move(properties));
}

/// What the service answers to a raw request; runs on its loop.
Task<std::string> ask(Service& service, std::string request) {
    auto& loop = runtime::EventLoop::current();
    auto stream = (co_await runtime::Stream::connect(loop, service.endpoint(), {})).value();
    (void)co_await stream.write_all(request);
    std::string answer;
    std::array<char, 4096> buffer{};
    for (;;) {
        const auto got = co_await stream.read_some(buffer, Deadline::after(loop.now(), 5s));
        if (!got || *got == 0) break;
        answer.append(buffer.data(), *got);
    }
    co_return answer;
}

std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
}

/// Asks once, as soon as the service is ready, then stops it.
struct Client {
    Service& service;
    std::string request;
    std::string answer{};

    Task<> run(bool ready) {
        if (!ready) co_return;
        answer = co_await ask(service, request);
        service.stop();
    }
};

int run_with(Service& service, Client& client) {
    service.on_readiness([&client](bool ready) { return client.run(ready); });
    return service.run();
}

TEST(Service, AnswersAndEndsWithZero) {
    Service service(quiet());
    service.get("/hello/{name}", [](http::Path<"name"> name) { return Greeting{"Hello, " + *name}; });
    Client client{service, get("/hello/Bob")};
    EXPECT_EQ(run_with(service, client), 0);
    EXPECT_TRUE(client.answer.ends_with("{\"message\":\"Hello, Bob\"}")) << client.answer;
}

TEST(Service, PutsTheContextPathInFront) {
    Service service(quiet({"--server.servlet.context-path=/shop/"}));
    service.get("/hello", [] { return Greeting{"Hello"}; });
    Client client{service, get("/shop/hello")};
    EXPECT_EQ(run_with(service, client), 0);
    EXPECT_TRUE(client.answer.starts_with("HTTP/1.1 200 ")) << client.answer;
}

Task<> append(std::string& text, char what) {
    text += what;
    co_return;
}

Task<> note_readiness(std::string& order, Service& service, bool ready) {
    order += ready ? '+' : '-';
    if (ready) service.stop();
    co_return;
}

Task<> stop_when(bool ready, Service& service) {
    if (ready) service.stop();
    co_return;
}

TEST(Service, RunsItsHooksInOrder) {
    std::string order;
    Service service(quiet());
    service.on_start([&] { order += '1'; });
    service.on_start([&] { return append(order, '2'); });
    service.on_stop([&] { order += 'a'; });
    service.on_stop([&] { return append(order, 'b'); });
    service.on_readiness([&](bool ready) { return note_readiness(order, service, ready); });
    EXPECT_EQ(service.run(), 0);
    EXPECT_EQ(order, "12+-ba");
}

TEST(Service, AStartUpTaskThatFailsEndsItWithOne) {
    Service service(quiet());
    service.on_start([]() -> Result<void> { return fail(Errc::unavailable, "no database"); });
    bool stopped = false;
    service.on_stop([&] { stopped = true; });
    EXPECT_EQ(service.run(), 1);
    EXPECT_TRUE(stopped);
}

TEST(Service, DoesNotStartWithAWrongRouteAndSaysWhichInALine) {
    testing::internal::CaptureStdout();
    {
        Service service(quiet({"--logging.level.root=error"}));
        service.get("/stock/{product}", [] { return Greeting{"x"}; });
        service.get("/stock/{id}", [] { return Greeting{"y"}; });
        EXPECT_EQ(service.run(), 1);
    }
    const std::string said = testing::internal::GetCapturedStdout();
    EXPECT_NE(said.find("cannot start: route 'GET /stock/{id}': there is one already\n"), std::string::npos)
        << said;
    EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
}

TEST(Service, TellsHowItStartedAndOfWhat) {
    Service service(quiet({"--server.shutdown=immediate", "--management.server.port=0"}));
    service.on_start([] {});
    service.on_readiness([&service](bool ready) { return stop_when(ready, service); });
    ASSERT_EQ(service.run(), 0);
    const auto& report = service.actuator().startup();
    const auto startup = report.startup_json();
    std::vector<std::string> steps;
    WallTime last{};
    for (const auto& event : startup["timeline"]["events"].elements()) {
        steps.emplace_back(event["startupStep"]["name"].string_or(""));
        const WallTime began = parse_iso_time(event["startTime"].string_or("")).value();
        EXPECT_GE(parse_iso_time(event["endTime"].string_or("")).value(), began) << steps.back();
        EXPECT_GE(began, last) << steps.back();
        last = began;
    }
    const std::vector<std::string> expected{
        "environment",
        "log",
        "runtime",
        "operations",
        "discovery",
        "calls",
        "tracing",
        "listener",
        "listener of operations",
        "registration",
        "start-up task 1"
    };
    EXPECT_EQ(steps, expected);
    EXPECT_EQ(startup["timeline"]["startTime"], startup["timeline"]["events"][0]["startTime"])
        << "nothing came before the configuration";

    const auto conditions = report.conditions_json("test")["contexts"]["test"];
    for (const char* on : {"tracing", "managementServer"})
        EXPECT_TRUE(conditions["positiveMatches"].contains(on)) << on;
    for (const char* off : {"tls", "registration", "gracefulShutdown", "spanReporter"})
        EXPECT_TRUE(conditions["negativeMatches"].contains(off)) << off;
    const auto beans = report.beans_json("test")["contexts"]["test"]["beans"];
    EXPECT_EQ(beans["router"]["type"].string_or(""), "flotilla::http::Router");
    for (const auto& bean : beans.members())
        for (const auto& needed : bean.value["dependencies"].elements())
            EXPECT_TRUE(beans.contains(needed.string_or(""))) << bean.key << " needs " << needed.text();
    EXPECT_EQ(service.actuator().info().json()["build"]["artifact"].string_or(""), "test");
}

struct Limits {
    int most = 10;
};

FLT_DESCRIBE_CONFIG(Limits, (most, "The most.", max(100)))

TEST(Service, BindsItsProperties) {
    Service service(quiet({"--shop.most=7"}));
    EXPECT_EQ(service.bind<Limits>("shop").most, 7);
}

TEST(Service, DoesNotStartWithAPropertyThatDoesNotFit) {
    Service service(quiet({"--shop.most=700"}));
    EXPECT_EQ(service.bind<Limits>("shop").most, 10);
    bool started = false;
    service.on_start([&] { started = true; });
    EXPECT_EQ(service.run(), 1);
    EXPECT_FALSE(started);
}

TEST(Service, DoesNotStartWithAnAddressForManagementThatHasNoPort) {
    Service service(quiet({"--management.server.address=127.0.0.1"}));
    EXPECT_EQ(service.run(), 1);
    Service other(quiet({"--management.server.address=127.0.0.1", "--management.server.port=0"}));
    other.on_readiness([&other](bool ready) { return stop_when(ready, other); });
    EXPECT_EQ(other.run(), 0);
}

TEST(Service, DoesNotStartWithACronExpressionThatIsNone) {
    Service service(quiet());
    service.cron("every day", "Shop.close", [] {});
    EXPECT_EQ(service.run(), 1);
}

/// A job that fails in its second run and ends the service in its third.
struct Purge {
    Service& service;
    int runs = 0;
    std::string trace{};

    Task<> run() {
        trace = trace_id_text(TaskContext::current().trace);
        ++runs;
        if (runs == 3) service.stop();
        if (runs == 2) throw std::runtime_error("no stock");
        co_return;
    }
};

TEST(Service, RunsJobsInSpansOfTheirOwnAndCountsThem) {
    Service service(quiet({"--tracing.sampler.probability=1"}));
    auto spans = std::make_shared<tracing::MemorySpanSink>();
    service.report_spans_to(spans);
    Purge purge{service};
    service.every(1ms, "Stock.purgeExpired", [&] { return purge.run(); });
    EXPECT_EQ(service.run(), 0);
    EXPECT_EQ(purge.trace.size(), 32u);
    const auto finished = spans->take();
    ASSERT_GE(finished.size(), 3u);
    EXPECT_EQ(finished[0].name(), "purge-expired");
    EXPECT_TRUE(service.meters().view(
        "tasks.scheduled.execution", {{"outcome", "ERROR"}, {"exception", "runtime_error"}}
    ));
}

/// Looks for something to do, and asks somebody on the way.
struct Look {
    Task<> run() {
        service.tracer().start_local("asked").finish();
        trace = trace_id_text(TaskContext::current().trace);
        if (++runs == 2) service.stop();
        co_return;
    }

    Service& service;
    int runs = 0;
    std::string trace{};
};

TEST(Service, JobsThatAreToBeQuietLeaveNoTrace) {
    for (const char* property : {"tracing.scheduled", "spring.sleuth.scheduled"}) {
        Service service(quiet(
            {"--tracing.sampler.probability=1", "--" + std::string(property) + R"(.skip-pattern=Shop\..*|x)"}
        ));
        auto spans = std::make_shared<tracing::MemorySpanSink>();
        service.report_spans_to(spans);
        Look look{.service = service};
        service.every(1ms, "Shop.look", [&] { return look.run(); });
        EXPECT_EQ(service.run(), 0);
        EXPECT_EQ(look.trace.size(), 32U) << "log lines have ids all the same";
        EXPECT_TRUE(spans->take().empty());
        EXPECT_TRUE(service.meters().view("tasks.scheduled.execution", {{"outcome", "SUCCESS"}}));
    }
}

TEST(Service, ARefreshChangesSampling) {
    auto files = std::make_shared<config::MemoryFiles>();
    files->put("application.properties", "tracing.sampler.probability=1.0");
    ServiceOptions options = quiet();
    options.files = files;
    Service service(options);
    auto spans = std::make_shared<tracing::MemorySpanSink>();
    service.report_spans_to(spans);
    service.tracer().start_local("before").finish();
    files->put("application.properties", "tracing.sampler.probability=0.0");
    ASSERT_TRUE(service.environment().refresh());
    service.tracer().start_local("after").finish();
    const auto finished = spans->take();
    ASSERT_EQ(finished.size(), 1u);
    EXPECT_EQ(finished[0].name(), "before");
}

TEST(Service, ARefreshChangesLogLevels) {
    auto files = std::make_shared<config::MemoryFiles>();
    files->put("application.yml", "logging:\n  level:\n    order: debug\n    sql: trace\n");
    ServiceOptions options = quiet();
    options.files = files;
    Service service(options);
    EXPECT_TRUE(service.logger("order.audit").enabled(log::Level::debug));
    files->put("application.yml", "logging:\n  level:\n    order: warn\n");
    ASSERT_TRUE(service.environment().refresh());
    EXPECT_FALSE(service.logger("order.audit").enabled(log::Level::info));
    EXPECT_FALSE(service.logger("sql").enabled(log::Level::trace));
}

}  // namespace
}  // namespace flotilla::service
