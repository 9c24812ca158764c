// A service whose spans go to a trace server, which is another service of this process.

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "flotilla/http/client.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/service/service.hpp"
#include "quiet_service.hpp"

namespace flotilla::service {
namespace {

ServiceOptions quiet(std::string name, std::vector<std::string> properties) {
    return test_support::quietly({.name = std::move(name)}, std::move(properties));
}

/// Keeps what is posted; runs on a thread of its own from its making to its end.
class TraceServer {
public:
    TraceServer() : service_(quiet("zipkin", {})) {
        service_.post("/api/v2/spans", [this](Request& request) { return keep(request); });
        service_.on_readiness([this](bool ready) { return tell(ready); });
        thread_ = std::thread([this] { EXPECT_EQ(service_.run(), 0); });
        ready_.get_future().wait();
    }

    ~TraceServer() {
        service_.stop();
        thread_.join();
    }

    [[nodiscard]] std::string url() const { return "http://" + service_.endpoint().text(); }

    [[nodiscard]] std::uint16_t port() const { return service_.endpoint().port(); }

    [[nodiscard]] std::vector<reflect::Json> spans() const {
        const std::lock_guard lock(mutex_);
        return spans_;
    }

private:
    Status keep(Request& request) {
        std::string text(request.body());
        if (request.fields().find("Content-Encoding")) text = http::gunzip(text).value();
        const reflect::Json list = reflect::parse_json(text).value();
        const std::lock_guard lock(mutex_);
        for (const auto& span : list.elements()) spans_.push_back(span);
        return Status::accepted;
    }

    Task<> tell(bool ready) {
        if (ready) ready_.set_value();
        co_return;
    }

    Service service_;
    mutable std::mutex mutex_;
    std::vector<reflect::Json> spans_;
    std::promise<void> ready_;
    std::thread thread_;
};

Task<int> ask(http::Client& client, std::string url) {
    const auto answer = co_await client.send(http::ClientRequest::get(url));
    EXPECT_TRUE(answer && answer->ok());
    co_return 0;
}

/// Asks a service for /hello when it is ready, then stops it.
struct Visitor {
    Service& service;
    std::uint16_t port = 0;

    Task<> visit(bool ready) {
        if (!ready) co_return;
        port = service.endpoint().port();
        http::Client client(service.runtime());
        std::string url = "http://" + service.endpoint().text() + "/hello";
        co_await ask(client, std::move(url));
        service.stop();
    }
};

std::uint16_t run_and_visit(Service& service) {
    Visitor visitor{service};
    service.get("/hello", [] { return std::string("Hello"); });
    service.on_readiness([&](bool ready) { return visitor.visit(ready); });
    EXPECT_EQ(service.run(), 0);
    return visitor.port;
}

TEST(Reporting, SpansAreOnTheirWayWhenTheServiceEnds) {
    TraceServer zipkin;
    Service service(quiet(
        "Order-Service",
        {"--spring.zipkin.base-url=" + zipkin.url(), "--spring.sleuth.sampler.probability=1.0"}
    ));
    const std::uint16_t port = run_and_visit(service);
    const auto spans = zipkin.spans();
    ASSERT_EQ(spans.size(), 1U);
    EXPECT_EQ(spans[0]["kind"].string_or(""), "SERVER");
    EXPECT_EQ(spans[0]["name"].string_or(""), "get /hello");
    const auto local = reflect::Json::object(
        {{"serviceName", "order-service"}, {"ipv4", "127.0.0.1"}, {"port", std::int64_t{port}}}
    );
    EXPECT_EQ(spans[0]["localEndpoint"].text(), local.text());
    EXPECT_NE(service.meters().scrape().find("zipkin_reporter_spans_total 1.0"), std::string::npos);
}

/// A service on a thread of its own, from its making to its end.
class Background {
public:
    Background(std::string name, std::vector<std::string> arguments, std::string next)
        : service_(quiet(std::move(name), std::move(arguments))),
          client_(service_.runtime(), {}, {.tracer = &service_.tracer()}),
          next_(std::move(next)) {
        service_.get("/hop", [this] { return hop(); });
        service_.on_readiness([this](bool ready) { return tell(ready); });
        thread_ = std::thread([this] { EXPECT_EQ(service_.run(), 0); });
        ready_.get_future().wait();
    }

    ~Background() { stop(); }

    void stop() {
        if (!thread_.joinable()) return;
        service_.stop();
        thread_.join();
    }

    [[nodiscard]] std::string url() const { return "http://" + service_.endpoint().text() + "/hop"; }

private:
    Task<Result<std::string>> hop() {
        if (next_.empty()) co_return std::string("the end");
        auto answer = co_await client_.send(http::ClientRequest::get(next_));
        if (!answer) co_return fail(answer.error());
        co_return std::move(*answer).body();
    }

    Task<> tell(bool ready) {
        if (ready) ready_.set_value();
        co_return;
    }

    Service service_;
    http::Client client_;
    const std::string next_;
    std::promise<void> ready_;
    std::thread thread_;
};

/// From the span without a parent down to the last one, each the child of the one before; its ids.
std::vector<std::string> path_of(const std::vector<reflect::Json>& spans) {
    std::map<std::string, std::string> child_of;
    for (const auto& span : spans)
        child_of[std::string(span["parentId"].string_or("none"))] = span["id"].string_or("");
    std::vector<std::string> path;
    for (auto next = child_of.find("none"); next != child_of.end(); next = child_of.find(path.back()))
        path.push_back(next->second);
    return path;
}

TEST(TracingFacts, F08_ThreeHopsAreOneTraceAndOnePath) {
    for (const bool join : {false, true}) {
        TraceServer zipkin;
        const std::vector<std::string> traced{
            "--spring.zipkin.base-url=" + zipkin.url(),
            "--tracing.sampler.probability=1",
            join ? "--tracing.supports-join=true" : "--tracing.supports-join=false"
        };
        {
            Background catalog("catalog", traced, "");
            Background order("order", traced, catalog.url());
            Background user("user", traced, order.url());
            runtime::Runtime runtime({.loops = 1, .blocking = {}});
            http::Client client(runtime);
            runtime.run(ask(client, user.url()));
        }
        const auto spans = zipkin.spans();
        ASSERT_EQ(spans.size(), 5U) << "three were served, two were asked for";
        std::set<std::string_view> traces;
        std::set<std::string_view> ids;
        for (const auto& span : spans) {
            traces.insert(span["traceId"].string_or(""));
            ids.insert(span["id"].string_or(""));
        }
        EXPECT_EQ(traces.size(), 1U);
        EXPECT_EQ(ids.size(), join ? 3U : 5U);
        EXPECT_EQ(path_of(spans).size(), ids.size());
    }
}

TEST(Reporting, TheServerMayBeAServiceThatIsFoundByItsName) {
    TraceServer zipkin;
    Service service(quiet(
        "order-service",
        {"--management.zipkin.tracing.endpoint=lb://zipkin/api/v2/spans",
         "--spring.cloud.discovery.client.simple.instances.zipkin[0].uri=" + zipkin.url(),
         "--tracing.service-name=orders",
         "--tracing.sampler.probability=1"}
    ));
    run_and_visit(service);
    const auto spans = zipkin.spans();
    ASSERT_EQ(spans.size(), 1U);
    EXPECT_EQ(spans[0]["localEndpoint"]["serviceName"].string_or(""), "orders");
}

TEST(Reporting, IsOffWhenNothingSaysWhere) {
    Service service(quiet("order-service", {"--tracing.sampler.probability=1"}));
    run_and_visit(service);
    EXPECT_EQ(service.meters().scrape().find("zipkin"), std::string::npos);
}

TEST(Reporting, AServiceDoesNotStartWithAnAddressThatIsNone) {
    Service service(quiet("order-service", {"--tracing.reporter.endpoint=zip kin"}));
    EXPECT_EQ(service.run(), 1);
}

}  // namespace
}  // namespace flotilla::service
