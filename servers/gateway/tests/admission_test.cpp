#include "flotilla/gateway/admission.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/clock.hpp"

namespace flotilla::gateway {
namespace {

using namespace std::chrono_literals;

AdmissionConfig enabled(AdmissionConfig config = {}) {
    config.enabled = true;
    return config;
}

std::string trouble_of(const AdmissionConfig& config) {
    const auto limit = config.limit();
    return limit ? "" : limit.error().message();
}

TEST(Admission, RefusesNothingUnlessItIsSwitchedOn) {
    metrics::Registry meters({}, Clock::system());
    Admission admission({}, meters);
    EXPECT_EQ(admission.limiter_of("a"), nullptr);
}

TEST(Admission, HasALimiterForEachServiceThatStays) {
    metrics::Registry meters({}, Clock::system());
    Admission admission(enabled({.algorithm = "fixed", .initial_limit = 2}), meters);
    auto* const one = admission.limiter_of("one");
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(admission.limiter_of("one"), one);
    EXPECT_NE(admission.limiter_of("two"), one);
    const TimePoint now{1h};
    auto first = one->acquire(now);
    auto second = one->acquire(now);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(one->acquire(now));
    EXPECT_TRUE(admission.limiter_of("two")->acquire(now)) << "one service's crowd is not another's";
    EXPECT_EQ(one->refused(), 1U);
    first.succeeded(now + 5ms);
    EXPECT_TRUE(one->acquire(now));
}

TEST(Admission, BeginsWithWhatOneInstancesPoolHas) {
    metrics::Registry meters({}, Clock::system());
    Admission admission(enabled(), meters);
    EXPECT_EQ(admission.limiter_of("a")->limit(), 256);
}

TEST(Admission, NamesThePropertyThatIsWrong) {
    EXPECT_EQ(
        trouble_of({.algorithm = "clever"}),
        "flotilla.gateway.admission.algorithm: 'clever' is none of gradient2, aimd, fixed"
    );
    EXPECT_EQ(trouble_of({.min_limit = 0}), "flotilla.gateway.admission.min-limit: must be at least 1");
    EXPECT_EQ(trouble_of({.max_limit = 5}), "flotilla.gateway.admission.max-limit: is less than min-limit");
    EXPECT_EQ(
        trouble_of({.initial_limit = 5}),
        "flotilla.gateway.admission.initial-limit: is not between min-limit and max-limit"
    );
    EXPECT_EQ(trouble_of({.status = 500}), "flotilla.gateway.admission.status: is neither 503 nor 429");
    EXPECT_EQ(trouble_of({.algorithm = "fixed", .initial_limit = 1}), "");
    EXPECT_EQ(trouble_of({.algorithm = "aimd"}), "");
}

TEST(Admission, SparesThePathsOfOperations) {
    metrics::Registry meters({}, Clock::system());
    AdmissionConfig config = enabled();
    for (const char* path : {"/actuator/**", "/*/actuator/**"})
        config.exempt.push_back(PathPattern::parse(path).value());
    const Admission admission(config, meters);
    const auto is_exempt = [&](std::string_view path) {
        Arena arena;
        return admission.is_exempt(RequestPath(path, arena));
    };
    EXPECT_TRUE(is_exempt("/user-service/actuator/health"));
    EXPECT_TRUE(is_exempt("/actuator/health/liveness"));
    EXPECT_FALSE(is_exempt("/user-service/users"));
    EXPECT_FALSE(is_exempt("/a/b/actuator/health"));
}

}  // namespace
}  // namespace flotilla::gateway
