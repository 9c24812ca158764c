// A gateway with filters and a predicate of its own. Its routes name them like any other:
//
//     predicates: [Path=/**, 'Weekday=1, 5']
//     filters: [AddTeam=blue, MaskCards]

#include <algorithm>
#include <chrono>

#include "flotilla/gateway/gateway_server.hpp"

namespace {

using namespace flotilla;
using gateway::Arguments;
using gateway::Exchange;

// region: own-filter
/// `AddTeam=blue`: tells the services which team looks after this route.
class AddTeam final : public gateway::Filter {
public:
    explicit AddTeam(std::string team) : team_(std::move(team)) {}

    [[nodiscard]] gateway::Next before(Exchange& exchange) const override {
        exchange.headers().set("X-Team", team_);
        return gateway::Next::go_on;
    }

    [[nodiscard]] std::string text() const override { return "AddTeam " + team_; }

private:
    std::string team_;
};

// endregion

// region: own-body-filter
/// The text with stars for all but the last four of sixteen digits in a row.
std::string masked(std::string_view text) {
    constexpr std::size_t length = 16;
    std::string out(text);
    std::size_t run = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        run = out[i] >= '0' && out[i] <= '9' ? run + 1 : 0;
        if (run == length)
            std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(i + 1 - length), length - 4, '*');
    }
    return out;
}

/// `MaskCards`: of the number of a card only the end passes, in either direction.
class MaskCards final : public gateway::Filter {
public:
    void ask(gateway::RoutePolicies& policies) const override {
        policies.hold_request(64 * 1024);
        policies.hold_answer({.media_types = {"application/json", "text/plain"}});
    }

    [[nodiscard]] gateway::Next before(Exchange& exchange) const override {
        if (const auto body = exchange.body()) exchange.set_body(masked(*body));
        return gateway::Next::go_on;
    }

    void after(Exchange&, gateway::Answer& answer) const override {
        if (const auto body = answer.body()) answer.replace_body(masked(*body));
    }

    [[nodiscard]] std::string text() const override { return "MaskCards"; }
};

// endregion

/// `Weekday=1, 5`: Monday is 1; in UTC.
class Weekday final : public gateway::Predicate {
public:
    Weekday(std::int64_t first, std::int64_t last) : first_(first), last_(last) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        const std::chrono::weekday today{std::chrono::floor<std::chrono::days>(exchange.inbound().wall)};
        return today.iso_encoding() >= first_ && today.iso_encoding() <= last_;
    }

    [[nodiscard]] std::string text() const override {
        return "Weekday: " + std::to_string(first_) + " to " + std::to_string(last_);
    }

private:
    std::int64_t first_;
    std::int64_t last_;
};

Result<gateway::FilterPtr> make_add_team(const Arguments& args, const gateway::FilterScope&) {
    return std::make_shared<AddTeam>(args.text("team"));
}

Result<gateway::FilterPtr> make_mask_cards(const Arguments&, const gateway::FilterScope&) {
    return std::make_shared<MaskCards>();
}

Result<gateway::PredicatePtr> make_weekday(const Arguments& args) {
    FLT_TRY(const auto first, args.integer("first", 1, 1, 7));
    FLT_TRY(const auto last, args.integer("last", 7, 1, 7));
    return std::make_shared<Weekday>(first, last);
}

}  // namespace

// region: own-main
int main(int argc, char** argv) {
    Service service(gateway::gateway_options("own-gateway", argc, argv));
    gateway::Components components = gateway::Components::standard();
    components.filter("AddTeam", {.order = {"team"}}, make_add_team);
    components.filter("MaskCards", {}, make_mask_cards);
    components.predicate("Weekday", {.order = {"first", "last"}}, make_weekday);
    const gateway::GatewayServer server(service, std::move(components));
    return service.run();
}

// endregion
