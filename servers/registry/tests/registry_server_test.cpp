// The whole registry on real sockets, asked by many at once from two loops: what the sanitizers should see.

#include "flotilla/registry/registry_server.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "flotilla/crypto/password.hpp"
#include "flotilla/eureka/codec.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/registry/dns_message.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "quiet_service.hpp"

namespace flotilla::registry {
namespace {

using namespace std::chrono_literals;
using http::ClientRequest;

service::ServiceOptions quiet(std::vector<std::string> more = {}) {
    std::vector<std::string> properties{
        "--eureka.consul.dns-port=0",
        "--eureka.consul.dns-address=127.0.0.1",
        "--eureka.server.eviction-interval-timer-in-ms=20",
        "--flotilla.runtime.loops=2"
    };
    properties.insert(properties.end(), more.begin(), more.end());
    return test_support::quietly(registry_options("registry", 0, nullptr), std::move(properties));
}

constexpr int workers = 4;
constexpr int rounds = 25;

/// Everything that clients do, at the same time; then the service is stopped.
class Crowd {
public:
    Crowd(Service& service, RegistryServer& server) : service_(service), server_(server) {}

    Task<> on_readiness(bool ready) {
        if (!ready) co_return;
        base_ = "http://" + service_.endpoint().text();
        client_ = std::make_unique<http::Client>(service_.runtime());
        runtime::TaskScope scope(service_.runtime().loop(0));
        scope.spawn("follower", follow());
        for (int i = 0; i < workers; ++i) scope.spawn("worker", somewhere(i));
        co_await scope.drain(Deadline::after(service_.runtime().clock().now(), 60s));
        co_await ask_dns();
        client_.reset();
        service_.stop();
    }

    std::atomic<int> wrong{0};
    std::atomic<int> followed{0};
    std::string dns_reply;

private:
    /// Workers take turns between the loops.
    Task<> somewhere(int number) {
        runtime::EventLoop& loop = service_.runtime().loop(static_cast<std::size_t>(number % 2));
        std::function<Task<>()> start = [this, number] { return work(number); };
        co_await service_.runtime().on<void>(loop, std::move(start));
    }

    Task<> expect(ClientRequest request, int status) {
        const auto answer = co_await client_->send(std::move(request));
        if (!answer || answer->status() != status) ++wrong;
    }

    Task<> work(int number) {
        const std::string app = "APP" + std::to_string(number);
        const std::string path = base_ + "/eureka/apps/" + app;
        eureka::InstanceInfo info;
        info.app = app;
        info.instance_id = "1";
        info.host_name = "h1";
        info.ip_addr = "10.0.0.5";
        for (int round = 0; round < rounds; ++round) {
            info.last_dirty_timestamp = round + 1;
            auto enroll = ClientRequest::post(path);
            enroll.body(eureka::encode(info, eureka::Format::json), "application/json");
            co_await expect(std::move(enroll), 204);
            co_await expect(ClientRequest::put(path + "/1?status=UP"), 200);
            co_await expect(
                ClientRequest::get(base_ + "/eureka/apps").header("Accept-Encoding", "gzip"), 200
            );
            co_await expect(
                ClientRequest::get(base_ + "/eureka/apps/delta").header("Accept", "application/json"), 200
            );
            co_await expect(ClientRequest::get(base_ + "/v1/health/service/app0?passing=1"), 200);
            co_await expect(ClientRequest::get(base_ + "/"), 200);
            if (round + 1 < rounds) co_await expect(ClientRequest::delete_(path + "/1"), 200);
        }
    }

    /// Long polls until all workers' last registrations are seen.
    Task<> follow() {
        eureka::Applications copy;
        while (copy.instance_count() < workers || copy.reconcile_hash_code() != copy.hash_code) {
            auto poll = ClientRequest::get(
                base_ +
                "/eureka/apps/delta?wait=5s&version=" + std::to_string(followed == 0 ? 0 : copy.version)
            );
            const auto answer = co_await client_->send(std::move(poll).header("Accept", "application/json"));
            if (!answer || answer->status() != 200) {
                ++wrong;
                co_return;
            }
            const auto delta = eureka::decode_applications(answer->body(), eureka::Format::json);
            if (!delta) {
                ++wrong;
                co_return;
            }
            copy.apply_delta(*delta);
            ++followed;
        }
    }

    Task<> ask_dns() {
        auto& loop = service_.runtime().loop(0);
        const auto at = runtime::Endpoint::parse("127.0.0.1", server_.dns_port());
        auto stream = (co_await runtime::Stream::connect(loop, at.value(), {})).value();
        std::string query("\0\7\1\0\0\1\0\0\0\0\0\0", 12);
        query += *dns_name("app0.service.consul");
        query.append("\0\1\0\1", 4);
        query.insert(0, std::string{'\0', static_cast<char>(query.size())});
        (void)co_await stream.write_all(query);
        std::array<char, 512> buffer{};
        const auto got = co_await stream.read_some(buffer, Deadline::after(loop.now(), 5s));
        if (got) dns_reply.assign(buffer.data(), *got);
    }

    Service& service_;
    RegistryServer& server_;
    std::string base_;
    std::unique_ptr<http::Client> client_;
};

TEST(RegistryServer, ServesManyAtOnceAndEndsInOrder) {
    Service service(quiet());
    RegistryServer server(service);
    Crowd crowd(service, server);
    service.on_readiness([&crowd](bool ready) { return crowd.on_readiness(ready); });
    EXPECT_EQ(service.run(), 0);
    EXPECT_EQ(crowd.wrong, 0);
    EXPECT_GT(crowd.followed, 0);
    EXPECT_NE(crowd.dns_reply.find(std::string("\x0a\0\0\5", 4)), std::string::npos);
}

/// Knocks with and without credentials; then the service is stopped.
class Guest {
public:
    explicit Guest(Service& service) : service_(service) {}

    Task<> on_readiness(bool ready) {
        if (!ready) co_return;
        const std::string at = service_.endpoint().text();
        http::Client client(service_.runtime());
        const std::array<std::string, 6> urls{
            "http://" + at + "/eureka/apps",
            "http://ann:wrong@" + at + "/eureka/apps",
            "http://ann:s%3Aecret@" + at + "/eureka/apps",
            "http://ann:s%3Aecret@" + at + "/eureka/apps",
            "http://bob:s%3Aecret@" + at + "/",
            "http://" + at + "/actuator/health"
        };
        for (const std::string& url : urls) {
            const auto answer = co_await client.send(ClientRequest::get(url));
            statuses.push_back(answer ? answer->status() : 0);
            if (answer) challenges.emplace_back(answer->header("WWW-Authenticate"));
        }
        service_.stop();
    }

    std::vector<int> statuses;
    std::vector<std::string> challenges;

private:
    Service& service_;
};

TEST(RegistryServer, LetsInWhoKnowsThePassword) {
    service::ServiceOptions options = quiet();
    const auto hash = crypto::hash_password("s:ecret", 4);
    ASSERT_TRUE(hash);
    options.arguments.emplace_back("--spring.security.user.name=ann");
    options.arguments.push_back("--spring.security.user.password={bcrypt}" + *hash);
    Service service(std::move(options));
    const RegistryServer server(service);
    Guest guest(service);
    service.on_readiness([&guest](bool ready) { return guest.on_readiness(ready); });
    EXPECT_EQ(service.run(), 0);
    EXPECT_EQ(guest.statuses, (std::vector<int>{401, 401, 200, 200, 401, 200}));
    EXPECT_EQ(guest.challenges.at(0), "Basic realm=\"Eureka\"");
    EXPECT_EQ(guest.challenges.at(2), "");
}

TEST(RegistryServer, DoesNotStartWithAPropertyThatDoesNotFit) {
    for (const char* wrong :
         {"--eureka.server.renewal-percent-threshold=7",
          "--eureka.server.evict=1",
          "--eureka.consul.ttl=1",
          "--spring.security.user.name=ann",
          "--eureka.client.tls.trust=x"}) {
        Service service(quiet({wrong}));
        const RegistryServer server(service);
        EXPECT_EQ(service.run(), 1) << wrong;
    }
}

}  // namespace
}  // namespace flotilla::registry
