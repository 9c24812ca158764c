#include "flotilla/shop/user/user_service.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/encoding.hpp"
#include "shop_fixture.hpp"

namespace flotilla::shop::user {
namespace {

TEST(UserService, S10_RegistersAndLogsIn) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Answer registered = co_await shop.enroll("a@x.io");
        EXPECT_EQ(registered.status, 201);
        const Json user = registered.json();
        const std::string id(user["userId"].string_or(""));
        EXPECT_EQ(registered.body, R"({"email":"a@x.io","name":"Tester","userId":")" + id + R"("})");
        EXPECT_EQ(id.size(), 36U);

        const Answer login = co_await shop.login("a@x.io");
        EXPECT_EQ(login.status, 200);
        EXPECT_EQ(login.body, "");
        EXPECT_EQ(login.header("userId"), id);
        EXPECT_EQ(login.header("Cache-Control"), "no-store");
        const std::string token = login.header("token");
        const auto parts = split(token, '.');
        EXPECT_EQ(parts.size(), 3U);
        if (parts.size() != 3) co_return;
        EXPECT_EQ(from_base64url(parts[0]), R"({"alg":"HS512"})");
        const Json claims = reflect::parse_json(from_base64url(parts[1]).value_or("")).value_or(Json());
        EXPECT_EQ(claims["sub"].string_or(""), id);
        const auto now = shop.service().runtime().clock().wall_now().time_since_epoch();
        const auto left = claims["exp"].as_int64().value_or(0) -
                          std::chrono::duration_cast<std::chrono::seconds>(now).count();
        EXPECT_NEAR(static_cast<double>(left), 86400.0, 3.0);
        EXPECT_EQ(claims.size(), 2U);
    });
}

TEST(UserService, S11_RefusesWhatIsWrong) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Answer short_password =
            co_await shop.send("POST /users", "", R"({"email":"a@x.io","name":"Tester","pwd":"1234"})");
        EXPECT_EQ(short_password.verdict(), "400 VALIDATION_FAILED");
        const Json error = short_password.json()["errors"][0];
        EXPECT_EQ(error["field"].string_or(""), "pwd");
        EXPECT_EQ(error["message"].string_or(""), "Password must be equal or grater than 8 characters");

        (void)co_await shop.enroll("a@x.io");
        const Answer twice = co_await shop.enroll("a@x.io");
        EXPECT_EQ(twice.verdict(), "409 EMAIL_TAKEN");
        const Answer broken = co_await shop.send("POST /users", "", R"({"email":)");
        EXPECT_EQ(broken.status, 400);
        const Answer broken_login = co_await shop.send("POST /login", "", "email=a@x.io");
        EXPECT_EQ(broken_login.status, 400);
        const Answer form = co_await shop.send("POST /users", "Content-Type: text/plain\r\n", "a");
        EXPECT_EQ(form.status, 415);
    });
}

TEST(UserService, S11_WhateverIsSentIsAnsweredWithAReason) {
    with_shop({}, [](Shop& shop) -> Task<> {
        for (const std::string& body :
             {std::string("[]"),
              std::string("null"),
              std::string("\"a\""),
              std::string(R"({"email":{"a":1},"name":[],"pwd":true})"),
              std::string(R"({"email":"a@x.io","name":"Tester","pwd":"test\u00001111"})"),
              std::string(R"({"email":"a@x.io\u0000","name":"Tester","pwd":"test1111"})"),
              std::string("{\"email\":\"a@x.io\",\"name\":\"\xff\xfe\",\"pwd\":\"test1111\"}"),
              R"({"email":")" + std::string(100'000, 'a') + R"(@x.io","name":"Tester","pwd":"test1111"})"}) {
            for (const char* path : {"POST /users", "POST /login"}) {
                const Answer answer = co_await shop.send(path, "", body);
                EXPECT_EQ(answer.status, 400) << path << " " << body.substr(0, 80) << "\n" << answer.body;
            }
        }
        const Answer huge = co_await shop.send(
            "POST /users", "Content-Type: application/json\r\nContent-Length: 20000000\r\n"
        );
        EXPECT_EQ(huge.status, 413);
        const std::string nested(5000, '[');
        const Answer deep = co_await shop.send("POST /users", "", nested);
        EXPECT_EQ(deep.status, 413);
        const Answer injected = co_await shop.send(
            "POST /users",
            "",
            R"({"email":"'--@x.io","name":"한나 😀'; drop table users","pwd":"비밀번호는 여덟 자"})"
        );
        EXPECT_EQ(injected.status, 201) << injected.body;
        const Answer login = co_await shop.login("'--@x.io", "비밀번호는 여덟 자");
        EXPECT_EQ(login.status, 200);
    });
}

TEST(UserService, ItDescribesItself) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Answer description = co_await shop.send("GET /v3/api-docs");
        EXPECT_EQ(description.status, 200);
        const Json one = description.json()["paths"]["/user-service/users/{userId}"]["get"];
        EXPECT_EQ(one["summary"].string_or(""), "A user with orders");
        for (const char* status : {"200", "401", "403", "404", "500"})
            EXPECT_FALSE(one["responses"][status]["content"].empty()) << status;
    });
}

TEST(UserService, S11_TheCourseTakesShortPasswords) {
    with_shop({"--shop.profile=course"}, [](Shop& shop) -> Task<> {
        const Answer registered =
            co_await shop.send("POST /users", "", R"({"email":"a@x.io","name":"Tester","pwd":"1234"})");
        EXPECT_EQ(registered.status, 201);
        const Answer login = co_await shop.login("a@x.io", "1234");
        EXPECT_EQ(login.status, 200);
        const Answer nothing = co_await shop.send("POST /users", "", "{}");
        EXPECT_EQ(nothing.verdict(), "400 VALIDATION_FAILED");
    });
}

TEST(UserService, S12_N9_TokensSayWhoMaySeeWhat) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody("anna@x.io");
        const Somebody berta = co_await shop.somebody("berta@x.io");
        const Answer nobody = co_await shop.send("GET /users");
        EXPECT_EQ(nobody.verdict(), "401 UNAUTHORIZED");
        EXPECT_EQ(nobody.header("WWW-Authenticate"), "Bearer");
        const Answer garbage = co_await shop.send("GET /users", "Authorization: Bearer x.y.z\r\n");
        EXPECT_EQ(garbage.verdict(), "401 UNAUTHORIZED");
        const Answer list = co_await shop.send("GET /users", anna.bearer());
        EXPECT_EQ(list.status, 200);
        const Json users = list.json();
        EXPECT_EQ(users.size(), 2U);
        EXPECT_EQ(
            users[1].text(), R"({"email":"berta@x.io","name":"Tester","userId":")" + berta.id + R"("})"
        );
        const Answer other = co_await shop.send("GET /users/" + berta.id, anna.bearer());
        EXPECT_EQ(other.verdict(), "403 FORBIDDEN");
        const Answer own = co_await shop.detail(anna);
        EXPECT_EQ(own.status, 200);
        EXPECT_EQ(own.header("Cache-Control"), "no-store");
        const Answer forged = co_await shop.send("GET /users/" + anna.id, "X-User-Id: " + anna.id + "\r\n");
        EXPECT_EQ(forged.status, 401) << "X-User-Id is believed by nobody";
    });
}

TEST(UserService, S12_TheCourseLeavesThatToTheGateway) {
    with_shop({"--shop.profile=course"}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody("anna@x.io");
        const Somebody berta = co_await shop.somebody("berta@x.io");
        const Answer list = co_await shop.send("GET /users");
        EXPECT_EQ(list.status, 200);
        const Answer other = co_await shop.send("GET /users/" + berta.id, anna.bearer());
        EXPECT_EQ(other.status, 200);
        const Answer unknown = co_await shop.send("GET /users/nobody");
        EXPECT_EQ(unknown.verdict(), "404 UNKNOWN_USER");
    });
}

TEST(UserService, N16_WrongPasswordsAndUnknownEmailsLookTheSame) {
    with_shop({}, [](Shop& shop) -> Task<> {
        (void)co_await shop.enroll("a@x.io");
        const Answer wrong = co_await shop.login("a@x.io", "test1112");
        const Answer unknown = co_await shop.login("b@x.io", "test1111");
        EXPECT_EQ(wrong.verdict(), "401 BAD_CREDENTIALS");
        EXPECT_EQ(unknown.verdict(), "401 BAD_CREDENTIALS");
        EXPECT_EQ(wrong.json()["message"], unknown.json()["message"]);
        EXPECT_EQ(wrong.header("token"), "");
    });
}

TEST(UserService, N16_TooManyFailuresHaveToWait) {
    with_shop({"--shop.user.throttle.email-burst=2"}, [](Shop& shop) -> Task<> {
        (void)co_await shop.enroll("a@x.io");
        for (int i = 0; i < 5; ++i) {
            const Answer good = co_await shop.login("a@x.io");
            EXPECT_EQ(good.status, 200);
        }
        for (int i = 0; i < 2; ++i) (void)co_await shop.login("a@x.io", "test1112");
        const Answer refused = co_await shop.login("a@x.io");
        EXPECT_EQ(refused.verdict(), "429 TOO_MANY_ATTEMPTS");
        EXPECT_EQ(refused.header("Retry-After"), "6");
        const Answer other = co_await shop.login("b@x.io");
        EXPECT_EQ(other.status, 401);
        const std::string metrics = co_await shop.metrics();
        EXPECT_TRUE(has(metrics, R"(shop_logins_total{outcome="throttled"} 1)")) << metrics;
    });
}

TEST(UserService, N16_AddressesAreThoseThatTheGatewayTells) {
    with_shop({"--shop.user.throttle.address-burst=2"}, [](Shop& shop) -> Task<> {
        const std::string far = "X-Forwarded-For: 1.1.1.1, 9.9.9.9\r\n";
        for (int i = 0; i < 2; ++i) (void)co_await shop.login(std::to_string(i) + "@x.io", "test1112", far);
        const Answer refused = co_await shop.login("c@x.io", "test1112", far);
        EXPECT_EQ(refused.status, 429);
        const Answer elsewhere = co_await shop.login("c@x.io", "test1112", "X-Forwarded-For: 1.1.1.1\r\n");
        EXPECT_EQ(elsewhere.status, 401);
    });
}

TEST(UserService, N17_NoAnswerHasAHashOrAnInnerId) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        for (const char* path :
             {"/users", "/users/hateoas", "/user-service/users/hateoas", "/health_check"}) {
            const Answer answer = co_await shop.send(std::string("GET ") + path, anna.bearer());
            EXPECT_EQ(answer.status, 200) << path;
            EXPECT_FALSE(has(answer.body, "$2a$")) << path;
            EXPECT_FALSE(has(answer.body, R"("id")")) << path;
            EXPECT_FALSE(has(answer.body, "pwd")) << path;
        }
        const Answer hal = co_await shop.send("GET /users/hateoas", anna.bearer());
        EXPECT_EQ(hal.header("Content-Type"), "application/hal+json");
        const Json first = hal.json()["_embedded"]["users"][0];
        EXPECT_EQ(first["_links"]["self"]["href"].string_or(""), "/user-service/users/" + anna.id);
    });
}

TEST(UserService, LinksAreForThoseWhoAskForThem) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        const Answer plain = co_await shop.detail(anna);
        EXPECT_FALSE(has(plain.body, "_links"));
        const Answer hal = co_await shop.detail(anna, "Accept: application/hal+json\r\n");
        const Json links = hal.json()["_links"];
        EXPECT_EQ(links["all-users"]["href"].string_or(""), "/user-service/users");
        EXPECT_EQ(links["orders"]["href"].string_or(""), "/order-service/" + anna.id + "/orders");
        for (const char* path : {"GET /", "GET /user-service/"}) {
            const Answer root = co_await shop.send(path);
            EXPECT_EQ(root.json()["_links"]["users"]["href"].string_or(""), "/user-service/users") << path;
        }
    });
}

TEST(UserService, N14_ListsComeInPages) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody("anna@x.io");
        (void)co_await shop.enroll("berta@x.io");
        (void)co_await shop.enroll("carla@x.io");
        const Answer first = co_await shop.send("GET /users?limit=2", anna.bearer());
        EXPECT_EQ(first.json().size(), 2U);
        const std::string link = first.header("Link");
        EXPECT_TRUE(link.starts_with("<?limit=2&cursor=") && link.ends_with(R"(>; rel="next")")) << link;
        const std::string next = "GET /users" + link.substr(1, link.find('>') - 1);
        const Answer second = co_await shop.send(next, anna.bearer());
        EXPECT_EQ(second.json().size(), 1U);
        EXPECT_EQ(second.header("Link"), "");
        const Answer wrong = co_await shop.send("GET /users?limit=0", anna.bearer());
        EXPECT_EQ(wrong.status, 400);
    });
}

TEST(UserService, N10_TheHealthTextHasTheCoursesLabelsAndNotTheSecret) {
    with_shop({"--gateway.ip=127.0.0.1", "--token.expiration_time=864000000"}, [](Shop& shop) -> Task<> {
        for (const char* path : {"/health_check", "/health-check", "/user-service/health_check"}) {
            const Answer answer = co_await shop.send(std::string("GET ") + path);
            EXPECT_EQ(
                answer.body,
                "It's Working in User Service, port(local.server.port)=" +
                    std::to_string(shop.service().endpoint().port()) +
                    ", port(server.port)=0, gateway ip=127.0.0.1, message=Welcome to the Simple E-commerce., "
                    "token secret=****00bc55eb, token expiration time=864000000"
            );
        }
        shop.set("greeting.message", "Hello again");
        const Answer welcome = co_await shop.send("GET /welcome");
        EXPECT_EQ(welcome.body, "Hello again");
        const Answer health = co_await shop.send("GET /health_check");
        EXPECT_TRUE(has(health.body, "message=Hello again,"));
    });
}

TEST(UserService, S04_ANewSecretIsUsedAtOnce) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        const Answer before = co_await shop.send("GET /actuator/info");
        shop.set("token.secret", "another_token");
        const Answer after = co_await shop.send("GET /actuator/info");
        const Json old_fingerprint = before.json()["token"]["fingerprint"];
        EXPECT_EQ(old_fingerprint.string_or("").size(), 12U) << before.body;
        EXPECT_NE(old_fingerprint, after.json()["token"]["fingerprint"]);
        const Answer refused = co_await shop.send("GET /users", anna.bearer());
        EXPECT_EQ(refused.status, 401);
        shop.set("token.previous-secrets", "user_token");
        const Answer good = co_await shop.send("GET /users", anna.bearer());
        EXPECT_EQ(good.status, 200);
        const Answer login = co_await shop.login("a@x.io");
        EXPECT_EQ(login.status, 200);
    });
}

TEST(UserService, ATokenThatEndsAtOnceIsRefused) {
    Shop shop({"--token.expiration_time=864", logged});
    const int exit_code = shop.run([](Shop& own) -> Task<> {
        const Somebody anna = co_await own.somebody();
        const Answer list = co_await own.send("GET /users", anna.bearer());
        EXPECT_EQ(list.status, 200);
    });
    EXPECT_EQ(exit_code, 0);
    EXPECT_TRUE(has(shop.log(), "tokens that are good for 864 ms are refused"));
}

TEST(UserService, N10_AShortKeyCanBeMadeARefusalToStart) {
    Shop shop({"--token.min-key-check=error"});
    const int exit_code = shop.run([](Shop&) -> Task<> { co_return; });
    EXPECT_EQ(exit_code, 1);
}

TEST(UserService, ATypingErrorInTheUrlIsARefusalToStart) {
    Shop shop({"--order_service.url=http://ORDER-SERVICE/order-service/$s/orders"});
    const int exit_code = shop.run([](Shop&) -> Task<> { co_return; });
    EXPECT_EQ(exit_code, 1);
}

TEST(UserService, OnlyTheGatewayIsLetIn) {
    with_shop({"--gateway.ip=10.0.0.0/8, 192.168.0.1"}, [](Shop& shop) -> Task<> {
        const Answer refused = co_await shop.send("GET /welcome");
        EXPECT_EQ(refused.verdict(), "403 FORBIDDEN");
        const Answer operations = co_await shop.send("GET /actuator/health");
        EXPECT_EQ(operations.status, 200);
        shop.set("gateway.ip", "127.0.0.1");
        const Answer welcome = co_await shop.send("GET /welcome");
        EXPECT_EQ(welcome.status, 200);
    });
}

TEST(UserService, AdminsEditUsersOfTheVersionThatTheyKnow) {
    with_shop({"--shop.user.admins=root@x.io"}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody("anna@x.io");
        const Somebody root = co_await shop.somebody("root@x.io");
        const std::string edit = "PATCH /users/" + anna.id;
        const std::string body = R"({"name":"Anna"})";
        const Answer by_herself = co_await shop.send(edit, anna.bearer(), body);
        EXPECT_EQ(by_herself.verdict(), "403 FORBIDDEN");
        const Answer blind = co_await shop.send(edit, root.bearer(), body);
        EXPECT_EQ(blind.verdict(), "428 PRECONDITION_REQUIRED");
        const Answer seen = co_await shop.send("GET /users/" + anna.id, root.bearer());
        EXPECT_EQ(seen.header("ETag"), R"("0")");
        const std::string version = "If-Match: " + seen.header("ETag") + "\r\n";
        const Answer edited = co_await shop.send(edit, root.bearer() + version, body);
        EXPECT_EQ(edited.status, 200);
        EXPECT_EQ(edited.json()["name"].string_or(""), "Anna");
        EXPECT_EQ(edited.header("ETag"), R"("1")");
        const Answer late = co_await shop.send(edit, root.bearer() + version, body);
        EXPECT_EQ(late.verdict(), "412 VERSION_CONFLICT");
    });
}

TEST(UserService, S54_WelcomeAndStatusAreTimed) {
    with_shop({"--metrics.prometheus.flavor=legacy"}, [](Shop& shop) -> Task<> {
        const Answer before = co_await shop.send("GET /actuator/metrics");
        EXPECT_FALSE(has(before.body, "users.welcome"));
        (void)co_await shop.send("GET /welcome");
        (void)co_await shop.send("GET /health_check");
        const Answer after = co_await shop.send("GET /actuator/metrics");
        EXPECT_TRUE(has(after.body, R"("users.status")") && has(after.body, R"("users.welcome")"));
        const Answer one = co_await shop.send("GET /actuator/metrics/users.welcome");
        EXPECT_TRUE(has(one.body, "ACTIVE_TASKS") && has(one.body, "DURATION")) << one.body;
        const std::string metrics = co_await shop.metrics();
        for (const char* line :
             {R"(users_welcome_seconds_max{method="GET",uri="/welcome",} 0.0)",
              R"(users_welcome_seconds_active_count{method="GET",uri="/welcome",} 0.0)",
              R"(users_welcome_seconds_duration_sum{method="GET",uri="/welcome",} 0.0)",
              R"(users_status_seconds_max{method="GET",uri="/health_check",} 0.0)",
              R"(users_status_seconds_active_count{method="GET",uri="/health_check",} 0.0)",
              R"(users_status_seconds_duration_sum{method="GET",uri="/health_check",} 0.0)",
              R"(users_welcome_requests_seconds_count{method="GET",uri="/welcome",} 1.0)"})
            EXPECT_TRUE(has(metrics, line)) << line;
    });
}

TEST(UserService, S54_AWelcomeThatTakesTimeIsSeenMeanwhile) {
    with_shop({"--shop.fault.user.welcome.delay-ms=60000"}, [](Shop& shop) -> Task<> {
        runtime::TaskScope scope(runtime::EventLoop::current());
        struct Caller {
            static Task<> call(Shop& its) { (void)co_await its.send("GET /welcome"); }
        };
        scope.spawn("welcome", Caller::call(shop));
        std::string metrics;
        for (int i = 0; i < 200 && !has(metrics, R"(users_welcome_active_seconds_gcount{)"); ++i)
            metrics = co_await shop.metrics();
        const Answer view = co_await shop.send("GET /actuator/metrics/users.welcome");
        EXPECT_TRUE(has(view.body, R"({"statistic":"ACTIVE_TASKS","value":1.0})")) << view.body;
        co_await scope.stop();
    });
}

TEST(UserService, FaultsStrikeOnDemand) {
    with_shop({}, [](Shop& shop) -> Task<> {
        const Somebody anna = co_await shop.somebody();
        shop.set("shop.fault.user.get.error-rate", 1.0);
        const Answer struck = co_await shop.detail(anna);
        EXPECT_EQ(struck.verdict(), "500 FAULT_ON_DEMAND");
        shop.set("shop.fault.user.get.error-rate", Json());
        const Answer healed = co_await shop.detail(anna);
        EXPECT_EQ(healed.status, 200);
    });
}

TEST(UserService, N10_SecretsAreInNoLog) {
    Shop shop({logged});
    const int exit_code = shop.run([](Shop& own) -> Task<> {
        const Somebody anna = co_await own.somebody();
        (void)co_await own.login("a@x.io", "wrong-password");
        (void)co_await own.detail(anna);
        own.set("test.token", anna.token);
    });
    EXPECT_EQ(exit_code, 0);
    const std::string token = shop.service().environment().get_or("test.token", "");
    const std::string log = shop.log();
    EXPECT_TRUE(has(log, "Before call orders microservice"));
    EXPECT_GT(token.size(), 100U);
    EXPECT_FALSE(has(log, token));
    EXPECT_FALSE(has(log, "test1111"));
    EXPECT_FALSE(has(log, "wrong-password"));
    EXPECT_FALSE(has(log, "user_token"));
    EXPECT_FALSE(has(log, "$2a$"));
}

}  // namespace
}  // namespace flotilla::shop::user
