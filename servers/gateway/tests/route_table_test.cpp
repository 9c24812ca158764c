#include "flotilla/gateway/route_table.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "shot.hpp"

namespace flotilla::gateway {
namespace {

std::string found(const RouteTable& table, std::string_view line, ShotOptions options = {}) {
    Shot shot(line, std::move(options));
    const Route* route = table.find(*shot);
    return route ? route->id() : "-";
}

TEST(GatewayFacts, F04_TheLowerOrderWinsAndOnATieTheFirstDeclared) {
    const auto table = table_of(R"(
routes:
- {id: one, uri: 'http://a', predicates: [Path=/x], order: 1}
- {id: zero, uri: 'http://a', predicates: [Path=/x], order: 0}
- {id: also-zero, uri: 'http://a', predicates: [Path=/x], order: 0}
)");
    ASSERT_TRUE(table);
    EXPECT_EQ(found(**table, "GET /x"), "zero");
}

TEST(GatewayFacts, F05_WeightsShareTheTraffic) {
    const auto table = table_of(R"(
routes:
- {id: stable, uri: 'http://a', predicates: ['Weight=g, 8']}
- {id: canary, uri: 'http://a', predicates: ['Weight=g, 2']}
)");
    ASSERT_TRUE(table);
    Random random(7);
    int stable = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::string id = found(**table, "GET /", {.random = &random});
        ASSERT_NE(id, "-");
        stable += id == "stable" ? 1 : 0;
    }
    EXPECT_GE(stable, 7'800);
    EXPECT_LE(stable, 8'200);
}

TEST(GatewayFacts, F06_AWinnerWhoseOtherPredicateFailsLeavesTheRequestToNobody) {
    const auto table = table_of(R"(
routes:
- {id: a, uri: 'http://a', predicates: [Method=POST, 'Weight=g, 1']}
- {id: b, uri: 'http://a', predicates: [Path=/**, 'Weight=g, 0']}
)");
    ASSERT_TRUE(table);
    EXPECT_EQ(found(**table, "GET /"), "-");
    EXPECT_EQ(found(**table, "POST /"), "a");
}

TEST(RouteTable, NoRouteWaitsLongerThanADayUnlessItIsToWaitForEver) {
    const auto table = table_of(R"(
routes:
- {id: a, uri: 'http://a', metadata: {connect-timeout: 9223372036854775807, response-timeout: '9223372036854775807'}}
- {id: b, uri: 'http://a', metadata: {connect-timeout: -9223372036854775807, response-timeout: -1}}
- {id: c, uri: 'http://a', metadata: {connect-timeout: 200, response-timeout: 300}}
)");
    ASSERT_TRUE(table);
    const auto times = [&](std::size_t i) { return (*table)->routes().at(i).times(); };
    EXPECT_EQ(times(0).connect, std::chrono::hours(24));
    EXPECT_EQ(times(0).response, std::chrono::hours(24));
    EXPECT_EQ(times(1).connect, Duration::zero());
    EXPECT_EQ(times(1).response, Duration::max());
    EXPECT_EQ(times(2).connect, std::chrono::milliseconds(200));
    EXPECT_EQ(times(2).response, std::chrono::milliseconds(300));
}

TEST(RouteTable, ARouteSaysByWhichKeyItsInstanceIsChosen) {
    const auto table = table_of(R"(
routes:
- {id: keyed, uri: 'lb://A', predicates: [Path=/a], metadata: {lb: {key: 'header:X-User'}}}
- {id: plain, uri: 'lb://A', predicates: [Path=/b]}
)");
    ASSERT_TRUE(table) << table.error().message();
    Shot keyed("GET /a", {.headers = "X-User: ann\r\n"});
    const Route* route = (*table)->find(*keyed);
    ASSERT_TRUE(route && route->balance_key());
    std::string room;
    EXPECT_EQ(route->balance_key()(*keyed, room), "ann");
    Shot plain("GET /b");
    EXPECT_FALSE((*table)->find(*plain)->balance_key());

    for (const char* wrong : {"{lb: {key: nonsense}}", "{lb: {}}", "{lb: 7}"}) {
        const auto refused = table_of(
            fmt::format("routes: [{{id: r, uri: 'lb://A', predicates: [Path=/a], metadata: {}}}]", wrong)
        );
        ASSERT_FALSE(refused) << wrong;
        EXPECT_NE(refused.error().message().find("metadata.lb"), std::string::npos)
            << refused.error().message();
    }
}

TEST(RouteTable, WithdrawsWhatAFailedRouteHasCaptured) {
    const auto table = table_of(R"(
routes:
- {id: a, uri: 'http://a', predicates: ['Path=/{x}/{y}', Method=POST]}
- {id: b, uri: 'http://a', predicates: ['Path=/**']}
)");
    ASSERT_TRUE(table);
    Shot shot("GET /1/2");
    ASSERT_NE((*table)->find(*shot), nullptr);
    EXPECT_EQ(shot->variables().size(), 0U);
}

TEST(RouteTable, TellsOfRoutesThatNothingReaches) {
    const auto table = table_of(R"(
routes:
- {id: users, uri: 'http://a', predicates: ['Path=/user-service/**', 'Method=GET']}
- {id: actuator, uri: 'http://a', predicates: ['Path=/user-service/actuator/**', 'Method=GET,POST']}
- {id: fine, uri: 'http://a', predicates: ['Path=/user-service/users', 'Method=POST']}
- {id: whole, uri: 'http://a', predicates: ['Path=/b/**']}
- {id: dead, uri: 'http://a', predicates: ['Path=/b/{x}', 'Method=GET']}
)");
    ASSERT_TRUE(table);
    ASSERT_EQ((*table)->problems().size(), 2U);
    EXPECT_EQ((*table)->problems()[0].route, "actuator");
    EXPECT_NE((*table)->problems()[0].message.find("for some methods never reached"), std::string::npos);
    EXPECT_EQ((*table)->problems()[1].route, "dead");
}

TEST(RouteTable, LeavesOutARouteThatCannotBeMadeWhenItIsToldTo) {
    auto definitions = definitions_of(R"(
routes:
- {id: bad, uri: 'http://a', predicates: [Path=/x], filters: [Nope]}
- {id: good, uri: 'http://a', predicates: [Path=/x]}
)");
    ASSERT_TRUE(definitions);
    const Components components = Components::standard();
    EXPECT_FALSE(RouteTable::compile(*definitions, components, {}));
    definitions->fail_on_error = false;
    const auto table = RouteTable::compile(*definitions, components, {});
    ASSERT_TRUE(table);
    EXPECT_EQ(found(**table, "GET /x"), "good");
    EXPECT_EQ((*table)->problems().size(), 1U);
}

TEST(RouteTable, ShowsItsRoutesAsSpringDoes) {
    const auto table = table_of(R"(
default-filters: ['AddRequestHeader=A, b']
routes:
- {id: x, uri: 'http://a', predicates: ['Path=/a/**', 'Method=GET,POST', 'Header=X-A, q.'], filters: ['StripPrefix=1', 'RewritePath=/a/(?<s>.*), /$\{s}']}
)");
    ASSERT_TRUE(table) << table.error().message();
    const Json json = (*table)->routes()[0].to_json();
    EXPECT_EQ(
        json["predicate"].string_or(""),
        "((Paths: [/a/**], match trailing slash: true && Methods: [GET, POST]) && Header: X-A regexp=q.)"
    );
    EXPECT_EQ(json["route_id"].string_or(""), "x");
    EXPECT_EQ(json["uri"].string_or(""), "http://a:80");
    EXPECT_EQ(json["order"].as_int64(), 0);
    ASSERT_EQ(json["filters"].size(), 3U);
    EXPECT_EQ(json["filters"][0].string_or(""), "[[AddRequestHeader A = 'b'], order = 1]");
    EXPECT_EQ(json["filters"][1].string_or(""), "[[StripPrefix parts = 1], order = 1]");
    EXPECT_EQ(json["filters"][2].string_or(""), "[[RewritePath /a/(?<s>.*) = '/${s}'], order = 2]");
}

// ---- the index and the scan

std::string random_path(Random& random) {
    static const std::vector<std::string> words{"a", "b", "users", "orders", "1", "", "x%20y", "b;m=1"};
    std::string path;
    const std::size_t length = 1 + random.below(4);
    for (std::size_t i = 0; i < length; ++i) path += "/" + words[random.below(words.size())];
    return path;
}

std::string random_pattern(Random& random) {
    static const std::vector<std::string> words{
        "a", "b", "users", "orders", "1", "{v}", "*", "a*", "{w:\\\\d+}"
    };
    std::string pattern;
    const std::size_t length = 1 + random.below(3);
    for (std::size_t i = 0; i < length; ++i) {
        const std::string& word = words[random.below(words.size())];
        pattern += "/" + (word == "{v}" ? fmt::format("{{v{}}}", i)
                                        : (word.front() == '{' ? fmt::format("{{w{}:[0-9]+}}", i) : word));
    }
    if (random.below(3) == 0) pattern += "/**";
    if (random.below(8) == 0) pattern += "/";
    return pattern.ends_with("**/") ? pattern.substr(0, pattern.size() - 1) : pattern;
}

std::string random_route(Random& random, std::size_t number) {
    static const std::vector<std::string> hosts{"a.org", "b.org:8000", "**.org", "{h}.a.org", "A.ORG"};
    std::string predicates;
    const auto add = [&](const std::string& predicate) {
        if (!predicates.empty()) predicates += ", ";
        predicates += "'" + predicate + "'";
    };
    if (random.below(10) > 0) {
        std::string patterns = random_pattern(random);
        while (random.below(3) == 0) patterns += "," + random_pattern(random);
        if (random.below(4) == 0) patterns += ",false";
        add("Path=" + patterns);
    }
    if (random.below(3) == 0) {
        std::string list = hosts[random.below(hosts.size())];
        if (random.below(3) == 0) list += "," + hosts[random.below(hosts.size())];
        add("Host=" + list);
    }
    if (random.below(3) == 0) add(random.below(2) == 0 ? "Method=GET" : "Method=POST,PUT");
    if (random.below(5) == 0) add("Query=q");
    return fmt::format(
        "- {{id: r{}, uri: 'http://a', order: {}, predicates: [{}]}}\n", number, random.below(3), predicates
    );
}

TEST(RouteTable, AnswersAsTheLinearScanDoes) {
    static const std::vector<std::string> hosts{
        "a.org", "b.org:8000", "B.ORG", "x.a.org:80", "a.org:9", "c.com"
    };
    static const std::vector<std::string> methods{"GET", "POST", "DELETE"};
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random(seed);
        std::string yaml = "routes:\n";
        const std::size_t count = 1 + random.below(40);
        for (std::size_t i = 0; i < count; ++i) yaml += random_route(random, i);
        const auto table = table_of(yaml);
        ASSERT_TRUE(table) << table.error().message() << yaml;
        for (int i = 0; i < 200; ++i) {
            const std::string line = methods[random.below(methods.size())] + " " + random_path(random) +
                                     (random.below(4) == 0 ? "?q=1" : "");
            const std::string host = "Host: " + hosts[random.below(hosts.size())] + "\r\n";
            Shot by_index(line, {.headers = host});
            Shot by_scan(line, {.headers = host});
            const Route* one = (*table)->find(*by_index);
            const Route* other = (*table)->find_linear(*by_scan);
            ASSERT_EQ(one, other) << "seed " << seed << ": " << line << " " << host << yaml;
            ASSERT_EQ(by_index->variables().size(), by_scan->variables().size());
        }
    }
}

TEST(GatewayFacts, F31_TenThousandRoutesAreFoundAsFastAsTen) {
    const auto table_with = [](int count) {
        std::string yaml = "routes:\n";
        for (int i = 0; i < count; ++i)
            yaml += fmt::format("- {{id: r{0}, uri: 'http://a', predicates: ['Path=/service-{0}/**']}}\n", i);
        return table_of(yaml);
    };
    const auto table = table_with(10'000);
    ASSERT_TRUE(table);
    std::vector<std::chrono::nanoseconds> taken;
    for (int i = 0; i < 2'000; ++i) {
        const int wanted = (i * 7919) % 10'000;
        Shot shot(fmt::format("GET /service-{}/users/17?x=1", wanted));
        const auto begin = Clock::system().now();
        const Route* route = (*table)->find(*shot);
        taken.push_back(Clock::system().now() - begin);
        ASSERT_NE(route, nullptr);
        ASSERT_EQ(route->id(), fmt::format("r{}", wanted));
    }
    std::ranges::nth_element(taken, taken.begin() + 1'000);
    // Two microseconds on a quiet machine; sanitizers and busy ones need more.
    EXPECT_LT(taken[1'000], std::chrono::microseconds(40));
}

}  // namespace
}  // namespace flotilla::gateway
