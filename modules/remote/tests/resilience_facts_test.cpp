// What callers see of a service in trouble, over real sockets; seconds are tenths here.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "flotilla/base/random.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/runtime/stream.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "harness.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;
using resilience::BreakerState;
using resilience::CircuitBreaker;
using resilience::CircuitBreakerConfig;
using resilience::TimeLimiter;
using testing::at;
using testing::Harness;
using testing::Instance;
using testing::with_remote;

using Orders = std::vector<std::string>;

struct OrderClient {
    static constexpr Target target{.service = "order-service"};

    Get<"/{user}/orders", Orders(Path<"user">)> get_orders;
};

FLT_DESCRIBE(OrderClient, get_orders)

struct UserClient {
    static constexpr Target target{.service = "user-service"};

    Get<"/users/{user}", Orders(Path<"user">)> get_user;
};

FLT_DESCRIBE(UserClient, get_user)

/// Guards calls to the order service alone; every call is tried once.
testing::Setup guarding_orders(CircuitBreaker& breaker, TimeLimiter& limiter) {
    testing::Setup setup;
    setup.properties = {{"spring.cloud.loadbalancer.retry.enabled", "false"}};
    setup.options.guards = [&](const GuardRequest& request) {
        if (request.id != "order-service") return Guards{};
        return Guards{.breaker = &breaker, .time_limiter = &limiter};
    };
    return setup;
}

/// Takes a request, answers nothing, and notes when its caller went away.
struct SilentService {
    explicit SilentService(const Clock& its_clock) : clock(its_clock) {}

    Task<> serve(std::unique_ptr<runtime::Stream> stream) {
        std::array<char, 4096> block;
        const auto request = co_await stream->read_some(block);
        if (!request || *request == 0) co_return;
        const auto more = co_await stream->read_some(block, Deadline::after(clock.now(), 5s));
        if (!more || *more == 0) left_at.push_back(clock.now());
    }

    Task<> accept(runtime::Listener& listener, runtime::TaskScope& scope) {
        for (;;) {
            auto stream = co_await listener.accept();
            if (!stream) co_return;
            scope.spawn("serve", serve(std::make_unique<runtime::Stream>(std::move(*stream))));
        }
    }

    const Clock& clock;
    std::vector<TimePoint> left_at;
};

TEST(ResilienceFacts, F27_ATimeLimitCancelsTheSocketOperationAndIsOneFailure) {
    constexpr Duration limit = 400ms;
    CircuitBreaker breaker("orders", {.failure_rate_threshold = 100, .sliding_window_size = 10});
    TimeLimiter limiter("orders", {.timeout_duration = limit});
    with_remote(guarding_orders(breaker, limiter), [&](Harness& h) -> Task<> {
        const Clock& clock = h.runtime.clock();
        auto listener =
            runtime::Listener::open(h.runtime.loop(0), runtime::Endpoint::parse("127.0.0.1", 0).value())
                .value();
        SilentService service(clock);
        runtime::TaskScope servers(h.runtime.loop(0));
        servers.spawn("accept", service.accept(listener, servers));
        h.discovery.replace({at("order-service", "a", listener.local().port())});
        const auto client = h.remote.client<OrderClient>();
        // A busy machine may wake us late; our own lateness would show each time.
        std::size_t calls = 0;
        Duration took{};
        do {
            ++calls;
            const TimePoint began = clock.now();
            const auto failed = co_await client.get_orders("u");
            took = clock.now() - began;
            EXPECT_EQ(failed.error().message(), "TimeLimiter 'orders' recorded a timeout exception.");
            EXPECT_GE(took, limit - 20ms);
            for (int wait = 0; wait < 1000 && service.left_at.size() < calls; ++wait)
                co_await runtime::sleep_for(1ms);
            EXPECT_EQ(service.left_at.size(), calls) << "the connection was given up";
            EXPECT_EQ(breaker.metrics(clock.now()).buffered_calls, calls);
            EXPECT_EQ(breaker.metrics(clock.now()).failed_calls, calls);
        } while (took > limit + 20ms && calls < 5);
        EXPECT_LE(took, limit + 20ms);
        EXPECT_EQ(limiter.counts().timeout, calls);
        co_await servers.stop();
    });
}

/// The order service with faults thrown in: of a hundred calls twenty fail and five take three seconds.
struct TroubledOrders {
    TroubledOrders() {
        router.get("/{user}/orders", [this](http::Path<"user">) { return answer(); });
    }

    Task<http::Response> answer() {
        const auto fate = random.below(100);
        if (fate < 20) co_return http::Response(http::Status::internal_server_error);
        if (fate < 25) co_await runtime::sleep_for(300ms);
        co_return http::Response(http::Status::ok, "application/json", R"(["rope"])");
    }

    http::Router router;
    Random random{41};
};

/// Asks for orders and makes do without: its answer is then the kind of error.
struct UserService {
    explicit UserService(Remote& remote) : client(remote.client<OrderClient>()) {
        router.get("/users/{user}", [this](http::Path<"user"> user) { return answer(*user); });
    }

    Task<Orders> answer(std::string user) {
        const auto orders = client.get_orders.or_else([](const CallError& error) {
            return Orders{std::string(to_text(error.kind()))};
        });
        const auto found = co_await orders(user);
        co_return found.value();
    }

    OrderClient client;
    http::Router router;
};

/// How long the user service took, by what it answered: `rope` or an error of the order service.
struct Times {
    std::map<std::string, std::vector<Duration>> by_answer{};
    int failed = 0;

    [[nodiscard]] std::size_t count_of(const std::string& answer) const {
        const auto found = by_answer.find(answer);
        return found == by_answer.end() ? 0 : found->second.size();
    }

    /// The 99th of a hundred of those that were refused, or of all others.
    [[nodiscard]] Duration p99(bool refused) const {
        std::vector<Duration> times;
        for (const auto& [answer, took] : by_answer) {
            if ((answer == "not_permitted") == refused) times.insert(times.end(), took.begin(), took.end());
        }
        std::ranges::sort(times);
        return times.empty() ? Duration::max() : times[(times.size() * 99 - 1) / 100];
    }
};

Task<> visit(const UserClient& client, const Clock& clock, int visits, Times& times) {
    for (int i = 0; i < visits; ++i) {
        const TimePoint began = clock.now();
        const auto user = co_await client.get_user("u");
        if (user) {
            times.by_answer[user->front()].push_back(clock.now() - began);
        } else {
            ++times.failed;
        }
        co_await runtime::sleep_for(3ms);
    }
}

Task<bool> visit_together(
    runtime::TaskScope& scope, const UserClient& client, const Clock& clock, int visits, Times& times
) {
    for (int i = 0; i < 8; ++i) scope.spawn("visitor", visit(client, clock, visits, times));
    while (scope.active() > 0) co_await runtime::sleep_for(5ms);
    co_return true;
}

Times visit_in_trouble(CircuitBreaker& breaker, int visits) {
    TimeLimiter limiter("orders", {.timeout_duration = 400ms});
    Times times;
    with_remote(guarding_orders(breaker, limiter), [&](Harness& h) -> Task<> {
        TroubledOrders orders;
        UserService users(h.remote);
        Instance first(h.runtime, orders.router);
        Instance second(h.runtime, users.router);
        co_await first.start();
        co_await second.start();
        h.discovery.replace({at("order-service", "o", first.port()), at("user-service", "u", second.port())});
        const auto client = h.remote.client<UserClient>();
        const std::function<Task<bool>(runtime::TaskScope&)> visitors = [&](runtime::TaskScope& scope) {
            return visit_together(scope, client, h.runtime.clock(), visits, times);
        };
        co_await runtime::in_scope(h.runtime.loop(0), visitors);
        co_await second.stop();
        co_await first.stop();
    });
    return times;
}

TEST(ResilienceFacts, F41_WithFaultsThrownInCallersWaitNoLongerThanTheLimitAndSeeNoError) {
    CircuitBreaker breaker("orders", {.failure_rate_threshold = 60, .sliding_window_size = 100});
    const Times times = visit_in_trouble(breaker, 50);
    EXPECT_EQ(breaker.state(), BreakerState::closed);
    EXPECT_EQ(times.failed, 0);
    EXPECT_GT(times.count_of("status"), 40U) << "a fifth of the calls failed";
    EXPECT_GT(times.count_of("rope"), 240U);
    EXPECT_GE(times.p99(false), 300ms) << "one of twenty was slow";
    EXPECT_LE(times.p99(false), 410ms);
}

TEST(ResilienceFacts, F41_WhileTheBreakerIsOpenCallersAreAnsweredAtOnce) {
    CircuitBreakerConfig config;
    config.failure_rate_threshold = 4;
    config.sliding_window_size = 2;
    config.wait_in_open_state = resilience::Backoff::fixed(100ms);
    CircuitBreaker breaker("orders", config);
    const Times times = visit_in_trouble(breaker, 150);
    EXPECT_EQ(times.failed, 0);
    EXPECT_GT(times.count_of("not_permitted"), 600U) << "open most of the time";
    EXPECT_LE(times.p99(true), 20ms);
    EXPECT_LE(times.p99(false), 410ms);
}

}  // namespace

}  // namespace flotilla::remote
