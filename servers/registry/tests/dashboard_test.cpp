#include "flotilla/registry/dashboard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.hpp"

namespace flotilla::registry {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

DashboardModel model_of(Fixture& f) {
    DashboardModel model;
    model.now = f.clock.wall_now();
    model.figures = f.registry.figures(f.at());
    for (const auto& view : f.registry.view().applications) model.applications.push_back(view.application);
    return model;
}

TEST(Dashboard, SaysThatNothingIsThere) {
    Fixture f;
    const std::string page = dashboard_page(model_of(f));
    EXPECT_THAT(page, HasSubstr("No instances available"));
    EXPECT_THAT(page, HasSubstr("<td>Renews threshold</td><td>1</td>"));
    EXPECT_THAT(page, Not(HasSubstr("EMERGENCY")));
}

TEST(Dashboard, ListsInstancesByStatusAndLinksThem) {
    Fixture f;
    InstanceInfo linked = instance("A", "1");
    linked.status_page_url = "http://h1:8080/actuator/info";
    f.enroll(linked);
    InstanceInfo odd = with_status(instance("A", "<script>"), InstanceStatus::down);
    odd.status_page_url = "javascript:alert(1)";
    f.enroll(odd);
    const std::string page = dashboard_page(model_of(f));
    EXPECT_THAT(page, HasSubstr("<a href=\"http://h1:8080/actuator/info\" rel=\"noreferrer\">1</a>"));
    EXPECT_THAT(page, HasSubstr("<b class=\"down\">DOWN</b> (1) - &lt;script&gt;"));
    EXPECT_THAT(page, HasSubstr("n/a (2)"));
    EXPECT_THAT(page, Not(HasSubstr("javascript:")));
}

TEST(Dashboard, WarnsWithNumbersWhenHeartbeatsAreMissing) {
    Fixture f;
    f.enroll("1");
    DashboardModel model = model_of(f);
    model.past_start = true;
    EXPECT_THAT(dashboard_page(model), HasSubstr("EMERGENCY!"));
    EXPECT_THAT(
        dashboard_page(model),
        HasSubstr("0 heartbeats came in the last minute, more than 3 are expected of 2")
    );
    model.figures.self_preservation_enabled = false;
    EXPECT_THAT(dashboard_page(model), HasSubstr("RENEWALS ARE LESSER THAN THE THRESHOLD."));
    model.figures.renewals_last_minute = 100;
    EXPECT_THAT(dashboard_page(model), HasSubstr("class=\"note\">THE SELF PRESERVATION MODE IS TURNED OFF."));
}

TEST(Dashboard, ShowsWhatCameAndWent) {
    Fixture f;
    f.enroll("1");
    f.registry.cancel("A", "1", f.at());
    f.registry.cancel("NEVER", "2", f.at());
    const std::string page = history_page(f.registry.cancelled_history(), f.registry.enrolled_history());
    EXPECT_LT(page.find("NEVER(2)"), page.find("A(1)")) << "the newest first";
    EXPECT_THAT(history_page({}, {}), HasSubstr("No results available"));
}

TEST(Dashboard, TellsItsAge) {
    EXPECT_EQ(uptime_text(7min), "00:07");
    EXPECT_EQ(uptime_text(73h + 8min), "3 days 01:08");
}

}  // namespace
}  // namespace flotilla::registry
