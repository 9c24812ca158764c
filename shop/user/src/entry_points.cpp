#include "flotilla/shop/user/entry_points.hpp"

#include <algorithm>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/shop/problem.hpp"

namespace flotilla::shop::user {

namespace {

constexpr std::string_view property = "gateway.ip";

bool is_operations(std::string_view path) {
    return path == "/actuator" || path.starts_with("/actuator/");
}

/// The last one: what the next hop saw, where those before it are what a client says.
std::string_view last_forwarded(const http::Request& request) {
    std::string_view last;
    for (const auto& field : request.fields()) {
        if (!iequals(field.name, "X-Forwarded-For")) continue;
        http::for_each_token(field.value, [&](std::string_view part) { last = part; });
    }
    return last;
}

}  // namespace

Result<std::unique_ptr<EntryPoints>> EntryPoints::load(config::Environment environment, log::Logger log) {
    std::unique_ptr<EntryPoints> points(new EntryPoints(std::move(environment), log));
    FLT_CHECK(points->read());
    points->subscription_ =
        points->environment_.subscribe([self = points.get()](const auto& changed) { self->reread(changed); });
    return points;
}

Result<void> EntryPoints::read() {
    FLT_TRY(const auto texts, environment_.get(property, std::vector<std::string>{}));
    auto gateways = AddressRanges::of(texts);
    if (!gateways) return fail(gateways.error().within(property));
    gateways_.store(std::make_shared<const AddressRanges>(*std::move(gateways)));
    return {};
}

void EntryPoints::reread(const config::Environment::ChangedKeys& changed) {
    const auto is_ours = [](const std::string& key) { return key.starts_with(property); };
    if (std::ranges::none_of(changed, is_ours)) return;
    if (const auto read_again = read(); !read_again)
        log_.error("the change of gateway.ip is left out: {}", read_again.error().message());
}

bool EntryPoints::let_in(const http::Request& request) const {
    const auto gateways = gateways_.load();
    return gateways->empty() || gateways->contain(request.peer()) || is_operations(request.path());
}

std::string EntryPoints::client_address(const http::Request& request) const {
    const auto gateways = gateways_.load();
    const bool believed =
        gateways->empty() ? request.peer().is_loopback() : gateways->contain(request.peer());
    if (believed) {
        const auto forwarded = runtime::Endpoint::parse(last_forwarded(request), 0);
        if (forwarded) return forwarded->address();
    }
    return request.peer().address();
}

void EntryPoints::guard(http::Router& router, const Clock& clock) const {
    router.before("/", [this, &clock](http::Request& request, http::Response& response) {
        if (let_in(request)) return false;
        log_.warn(
            "a request from {} is refused: it did not come through the gateway", request.peer().address()
        );
        const Problem problem(http::Status::forbidden, "FORBIDDEN", "Requests come through the gateway");
        response = problem.answer(request, clock.wall_now());
        return true;
    });
}

}  // namespace flotilla::shop::user
