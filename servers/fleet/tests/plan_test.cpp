#include "flotilla/fleet/plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "flotilla/base/text.hpp"

namespace flotilla::fleet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view harbour = R"(
common: ["--registry=${port.tower}"]
parts:
  - {name: tower, command: flotilla registry, port: 8761, show: true}
  - {name: boat, command: boat --fast, instances: 2, after: [tower], options: ["--hold=${data}/${name}"], health: /well}
  - {name: guest, command: node guest.js, port_option: "", environment: {PORT: "${port}"}, after: [boat]}
)";

class Plan : public testing::Test {
protected:
    Result<UpOptions> options(std::vector<std::string_view> words) { return parse_up_options(words); }

    Result<std::vector<Part>> plan(std::vector<std::string_view> words = {}) {
        auto read = parse_up_options(words);
        if (!read) return fail(read.error());
        return make_plan(*parse_fleet(harbour), *read, machine_);
    }

    std::vector<std::string> names(std::vector<std::string_view> words) {
        std::vector<std::string> result;
        const auto parts = plan(std::move(words));
        if (!parts) return {parts.error().message()};
        for (const Part& part : *parts) result.push_back(part.name);
        return result;
    }

    std::string refusal(std::vector<std::string_view> words) {
        const auto parts = plan(std::move(words));
        return parts ? "accepted" : parts.error().message();
    }

    std::uint16_t next_port_ = 40'000;
    Machine machine_{
        .program_folder = "/opt/bin",
        .is_program = [](const std::string& path) { return path == "/opt/bin/flotilla"; },
        .free_port = [this]() -> Result<std::uint16_t> { return ++next_port_; },
        .secret = [](const std::string& name) -> Result<std::string> {
            if (name == "none") return fail(Errc::io, "no such secret");
            return "<" + name + ">";
        },
    };
};

TEST_F(Plan, FillsInPortsFoldersAndNames) {
    const auto parts = plan({"--data", "/var/harbour"});
    ASSERT_TRUE(parts) << parts.error().message();
    ASSERT_EQ(parts->size(), 4U);
    const Part& tower = (*parts)[0];
    EXPECT_THAT(
        tower.command, ElementsAre("/opt/bin/flotilla", "registry", "--server.port=8761", "--registry=8761")
    );
    EXPECT_EQ(tower.health, "http://127.0.0.1:8761/actuator/health/readiness");
    const Part& boat = (*parts)[2];
    EXPECT_EQ(boat.name, "boat-2");
    EXPECT_THAT(
        boat.command,
        ElementsAre("boat", "--fast", "--server.port=40002", "--registry=8761", "--hold=/var/harbour/boat-2")
    );
    EXPECT_EQ(boat.health, "http://127.0.0.1:40002/well");
    EXPECT_THAT(boat.after, ElementsAre("tower"));
}

TEST_F(Plan, AProgramOfSomebodyElseGetsItsPortInItsOwnWayAndNoPropertiesOfOurs) {
    const auto parts = plan({"--some.thing=1"});
    ASSERT_TRUE(parts);
    const Part& guest = parts->back();
    EXPECT_THAT(guest.command, ElementsAre("node", "guest.js"));
    EXPECT_EQ(guest.environment.at("PORT"), std::to_string(guest.port));
    EXPECT_EQ((*parts)[1].command.back(), "--some.thing=1");
}

TEST_F(Plan, SecretsStandInTheEnvironmentAlone) {
    const auto with = [&](std::string_view environment) {
        const std::string yaml = fmt::format(
            "parts: [{{name: a, command: 'boat ${{secret.x}}', environment: {{S: '{}'}}}}]", environment
        );
        return make_plan(*parse_fleet(yaml), UpOptions{}, machine_);
    };
    const auto parts = with("${secret.one}:${secret.two}:${other}");
    ASSERT_TRUE(parts) << parts.error().message();
    EXPECT_EQ(parts->front().environment.at("S"), "<one>:<two>:${other}");
    EXPECT_EQ(parts->front().command[1], "${secret.x}");
    EXPECT_THAT(with("${secret.none}").error().message(), HasSubstr("no such secret"));
    EXPECT_THAT(with("${secret.one").error().message(), HasSubstr("a bracket is open"));
}

TEST_F(Plan, OnlyAndWithoutChooseParts) {
    EXPECT_THAT(names({"--only", "tower,guest"}), ElementsAre("tower", "guest"));
    EXPECT_THAT(names({"--without=boat"}), ElementsAre("tower", "guest"));
    EXPECT_THAT(names({"--only=boat", "--without=boat"}), ElementsAre(HasSubstr("nothing is left")));
}

TEST_F(Plan, APartDoesNotWaitForOneThatDoesNotRun) {
    const auto parts = plan({"--only=guest"});
    ASSERT_TRUE(parts);
    EXPECT_TRUE(parts->front().after.empty());
}

TEST_F(Plan, ScaleMakesSeveralOrOneOfAPart) {
    EXPECT_THAT(
        names({"--scale", "boat=3", "--without=guest"}), ElementsAre("tower", "boat-1", "boat-2", "boat-3")
    );
    EXPECT_THAT(names({"--scale=boat=1", "--without=guest"}), ElementsAre("tower", "boat"));
}

TEST_F(Plan, PortsMoveAndTheOthersFollow) {
    const auto parts = plan({"--port", "tower=9000", "--port=boat=7000"});
    ASSERT_TRUE(parts);
    EXPECT_EQ((*parts)[0].port, 9000);
    EXPECT_EQ((*parts)[1].port, 7000);
    EXPECT_EQ((*parts)[2].port, 7001);
    EXPECT_THAT((*parts)[1].command, testing::Contains("--registry=9000"));
}

TEST_F(Plan, MisuseIsNamed) {
    EXPECT_THAT(
        refusal({"--only=cart"}), HasSubstr("--only cart: no such part; there are tower, boat, guest")
    );
    EXPECT_THAT(refusal({"--scale=boat"}), HasSubstr("NAME=NUMBER"));
    EXPECT_THAT(refusal({"--scale=boat=0"}), HasSubstr("1 to 64"));
    EXPECT_THAT(refusal({"--port=boat=70000"}), HasSubstr("NAME=NUMBER"));
    EXPECT_THAT(refusal({"--data"}), HasSubstr("--data wants a value"));
    EXPECT_THAT(refusal({"--data", "--detach"}), HasSubstr("--data wants a value"));
    EXPECT_THAT(refusal({"--profile=prod"}), HasSubstr("there are flotilla and course"));
    EXPECT_THAT(refusal({"--profile=course", "--file=a.yml"}), HasSubstr("not of a file"));
    EXPECT_THAT(refusal({"--detatch"}), HasSubstr("unknown argument --detatch"));
    EXPECT_THAT(refusal({"boat"}), HasSubstr("unknown argument boat"));
}

}  // namespace
}  // namespace flotilla::fleet
