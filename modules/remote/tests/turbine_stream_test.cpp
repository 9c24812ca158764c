// The stream of many instances for the Hystrix dashboard, over the wire.

#include "flotilla/remote/turbine_stream.hpp"

#include <gtest/gtest.h>

#include "flotilla/remote/remote.hpp"
#include "flotilla/resilience/hystrix.hpp"
#include "flotilla/resilience/turbine.hpp"
#include "harness.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using testing::at;
using testing::dead_port;
using testing::Harness;
using testing::Instance;
using testing::with_remote;

/// A service that shows its breakers until it is told to stop.
struct Shown {
    Shown() : policies(resilience::Policies::of({}, Clock::system()).value()), metrics(*policies) {
        router.get("/hystrix.stream", [this] {
            http::Response response;
            response.stream("text/event-stream", [this](http::BodyWriter& body) { return show(body); });
            return response;
        });
    }

    Task<> show(http::BodyWriter& body) {
        while (!stopped && !body.closed()) {
            std::string text = "ping: \n\n";
            for (const auto& document : metrics.documents(Clock::system().now(), Clock::system().wall_now()))
                text += "data: " + document + "\n\n";
            const auto written = co_await body.write(text);
            if (!written) co_return;
            (void)co_await body.flush();
            co_await runtime::sleep_for(20ms);
        }
    }

    void fail_once() {
        auto& breaker = policies->circuit_breakers().get("orders");
        breaker.try_acquire(Clock::system().now()).failed(Clock::system().now(), Error(Errc::refused));
    }

    std::unique_ptr<resilience::Policies> policies;
    resilience::HystrixMetrics metrics;
    http::Router router;
    bool stopped = false;
};

/// Reads until `text` has what is wanted, or for as long as a test is patient.
Task<std::string> read_until(http::ClientStream& stream, std::string wanted) {
    std::string text;
    while (text.find(wanted) == std::string::npos) {
        const auto piece = co_await stream.read();
        if (!piece || piece->empty()) break;
        text += *piece;
    }
    co_return text;
}

std::string url_of(const Instance& instance, std::string_view path) {
    return "http://127.0.0.1:" + std::to_string(instance.port()) + std::string(path);
}

TEST(Turbine, TheStreamsOfAllInstancesAreMerged) {
    with_remote({}, [](Harness& h) -> Task<> {
        Shown a;
        Shown b;
        a.fail_once();
        b.fail_once();
        b.fail_once();
        Instance first(h.runtime, a.router);
        Instance second(h.runtime, b.router);
        co_await first.start();
        co_await second.start();
        h.discovery.replace(
            {at("orders", "a", first.port()),
             at("orders", "b", second.port()),
             at("orders", "dead", dead_port())}
        );
        TurbineStream turbine(
            h.discovery,
            h.remote.http(),
            h.runtime.clock(),
            {.interval = 30ms, .meta_interval = 60ms, .reconnect = 20ms}
        );
        http::Router router;
        turbine.mount(router);
        Instance dashboard(h.runtime, router);
        co_await dashboard.start();

        auto unknown = http::ClientRequest::get(url_of(dashboard, "/turbine.stream?cluster=nobody"));
        const auto not_found = co_await h.remote.http().send(std::move(unknown));
        EXPECT_EQ(not_found->status(), 404);
        EXPECT_EQ(not_found->body(), "Cluster not found");

        auto request = http::ClientRequest::get(url_of(dashboard, "/turbine.stream?cluster=orders"));
        auto stream = co_await h.remote.http().open(std::move(request));
        const std::string text = co_await read_until(*stream, "\"reportingHosts\":2");
        EXPECT_NE(text.find(": ping\n"), std::string::npos);
        EXPECT_NE(text.find("\"errorCount\":3"), std::string::npos) << text;
        const std::string meta = co_await read_until(*stream, "\"reportingHostsLast10Seconds\":2");
        EXPECT_NE(meta.find("\"type\":\"meta\""), std::string::npos) << meta;
        a.stopped = true;
        b.stopped = true;
        turbine.stop();
        stream = fail(Errc::cancelled);
        co_await dashboard.stop();
        co_await first.stop();
        co_await second.stop();
    });
}

}  // namespace

}  // namespace flotilla::remote
