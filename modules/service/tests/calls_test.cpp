// A service that calls others by their names, with what operators see of it.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>

#include "flotilla/remote/remote.hpp"
#include "flotilla/resilience/policies.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/service/service.hpp"
#include "quiet_service.hpp"

namespace flotilla::service {
namespace {

using namespace std::chrono_literals;

std::uint16_t free_port() {
    runtime::Runtime runtime({.loops = 1, .blocking = {}});
    auto any = runtime::Endpoint::parse("127.0.0.1", 0).value();
    return runtime::Listener::open(runtime.loop(0), any).value().local().port();
}

ServiceOptions quiet(std::uint16_t port, std::vector<std::string> properties) {
    properties.push_back("--server.port=" + std::to_string(port));
    properties.emplace_back("--management.endpoints.web.exposure.include=*");
    return test_support::quietly({.name = "ferry"}, std::move(properties));
}

struct Lighthouse {
    static constexpr remote::Target target{.service = "lighthouse"};

    remote::Get<"/weather", std::string()> weather;
};

FLT_DESCRIBE(Lighthouse, weather)

Task<Result<std::string>> ask_about_weather(const Lighthouse& lighthouse) {
    FLT_CO_TRY(auto weather, co_await lighthouse.weather());
    co_return "today: " + weather;
}

using Weather = decltype(Lighthouse::weather);

Task<Result<std::string>> ask(const Weather& weather) {
    FLT_CO_TRY(auto told, co_await weather());
    co_return told;
}

/// Asks for some paths, one after another, when the service is ready; then stops it.
struct Client {
    Service& service;
    std::vector<std::string> paths;
    std::vector<std::string> answers{};

    Task<> run(bool ready) {
        if (!ready) co_return;
        for (const auto& path : paths) answers.push_back(co_await ask(path));
        service.stop();
    }

    Task<std::string> ask(std::string path) const {
        auto& loop = runtime::EventLoop::current();
        auto stream = (co_await runtime::Stream::connect(loop, service.endpoint(), {})).value();
        const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
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
};

std::vector<std::string> answers_of(Service& service, std::vector<std::string> paths) {
    Client client{service, std::move(paths)};
    service.on_readiness([&client](bool ready) { return client.run(ready); });
    EXPECT_EQ(service.run(), 0);
    return client.answers;
}

TEST(Calls, AServiceCallsAnotherByItsName) {
    const std::uint16_t port = free_port();
    Service service(quiet(
        port,
        {"--spring.cloud.discovery.client.simple.instances.lighthouse[0].uri=http://127.0.0.1:" +
         std::to_string(port)}
    ));
    const auto lighthouse = service.remote().client<Lighthouse>();
    service.get("/weather", [] { return std::string("clear"); });
    service.get("/ferry", [&] { return ask_about_weather(lighthouse); });
    const auto answers = answers_of(service, {"/ferry", "/actuator/metrics/loadbalancer.requests.success"});
    EXPECT_TRUE(answers.at(0).ends_with("\r\n\r\ntoday: clear")) << answers.at(0);
    EXPECT_NE(answers.at(1).find("lighthouse"), std::string::npos) << answers.at(1);
}

TEST(Calls, ItsBreakersAreConfiguredAndSeen) {
    Service service(quiet(
        0,
        {"--spring.cloud.discovery.client.simple.instances.lighthouse[0].uri=http://127.0.0.1:" +
             std::to_string(free_port()),
         "--resilience4j.circuitbreaker.instances.lighthouse.slidingWindowSize=2",
         "--hystrix.stream.enabled=true"}
    ));
    const auto lighthouse = service.remote().client<Lighthouse>();
    const auto guessed = lighthouse.weather.or_else([](const remote::CallError& why) {
        return std::string(to_text(why.kind()));
    });
    service.get("/ferry", [&] { return ask(guessed); });
    service.get("/plain", [&] { return ask_about_weather(lighthouse); });
    const auto answers =
        answers_of(service, {"/ferry", "/ferry", "/ferry", "/plain", "/actuator/circuitbreakers"});
    EXPECT_TRUE(answers.at(0).ends_with("connect")) << answers.at(0);
    EXPECT_TRUE(answers.at(2).ends_with("not_permitted")) << answers.at(2);
    EXPECT_TRUE(answers.at(3).starts_with("HTTP/1.1 503 ")) << answers.at(3);
    EXPECT_NE(answers.at(4).find(R"("lighthouse":{"failureRate":"100.0%")"), std::string::npos)
        << answers.at(4);
    EXPECT_NE(answers.at(4).find(R"("state":"OPEN")"), std::string::npos) << answers.at(4);
}

TEST(Calls, ADeadlineOfTheCallerIsKept) {
    Service service(quiet(0, {}));
    service.get("/left", [] {
        const Deadline deadline = TaskContext::current().deadline;
        return deadline.never() ? std::string("never") : std::string("bounded");
    });
    Client client{service, {}};
    service.on_readiness([&client](bool ready) -> Task<> { return client.run(ready); });
    client.paths = {"/left", "/left HTTP/1.1\r\nX-Request-Deadline-Ms: 500\r\nX-Rest:"};
    EXPECT_EQ(service.run(), 0);
    EXPECT_TRUE(client.answers.at(0).ends_with("never")) << client.answers.at(0);
    EXPECT_TRUE(client.answers.at(1).ends_with("bounded")) << client.answers.at(1);
}

/// Opens a breaker and notes how late it went to HALF_OPEN; again, when the machine was too busy.
struct Waiting {
    Service& service;
    std::vector<Duration> late{};
    std::atomic<TimePoint> half_open{TimePoint{}};

    Task<> run(bool ready) {
        if (!ready) co_return;
        const Clock& clock = Clock::system();
        resilience::CircuitBreaker& breaker = service.policies().circuit_breakers().get("lighthouse");
        breaker.events().subscribe([this, &clock](const resilience::Event& event) {
            if (event.transition == "OPEN_TO_HALF_OPEN") half_open = clock.now();
        });
        do {
            half_open = TimePoint{};
            co_await runtime::sleep_for(7ms);
            const TimePoint opened = clock.now();
            EXPECT_TRUE(breaker.transition_to(resilience::BreakerState::open, opened));
            const TimePoint enough = opened + 3s;
            while (half_open.load() == TimePoint{} && clock.now() < enough) co_await runtime::sleep_for(10ms);
            late.push_back(half_open.load() - opened - 100ms);
        } while (late.size() < 5 && late.back() > 5ms);
        service.stop();
    }
};

TEST(ResilienceFacts, F09_WithTheAutomaticTransitionHalfOpenComesWithoutACallAndInTime) {
    Service service(quiet(
        0,
        {"--resilience4j.circuitbreaker.instances.lighthouse.waitDurationInOpenState=100ms",
         "--resilience4j.circuitbreaker.instances.lighthouse.automaticTransitionFromOpenToHalfOpenEnabled="
         "true"}
    ));
    Waiting waiting{service};
    service.on_readiness([&waiting](bool ready) { return waiting.run(ready); });
    EXPECT_EQ(service.run(), 0);
    EXPECT_GE(waiting.late.back(), 0ms);
    EXPECT_LE(waiting.late.back(), 5ms);
}

TEST(Calls, ASettingThatIsWrongEndsTheStart) {
    Service service(quiet(0, {"--resilience4j.circuitbreaker.instances.lighthouse.failureRateThreshold=101"})
    );
    EXPECT_EQ(service.run(), 1);
    Service other(quiet(0, {"--spring.cloud.openfeign.client.config.lighthouse.timeout=soon"}));
    (void)other.remote().client<Lighthouse>();
    EXPECT_EQ(other.run(), 1);
}

}  // namespace
}  // namespace flotilla::service
