#include "witnesses.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "flotilla/eureka/codec.hpp"
#include "flotilla/shop/driver/shop_requests.hpp"

namespace flotilla::shop {

namespace {

/// An answer of 200, or why there is none.
Task<Result<http::ClientResponse>> ask(http::Client& client, http::ClientRequest request) {
    const std::string what = request.description();
    auto answer = co_await client.send(std::move(request));
    if (answer && answer->status() != 200)
        co_return fail(Errc::unavailable, fmt::format("{}: {} {}", what, answer->status(), answer->body()));
    co_return answer;
}

}  // namespace

Task<Result<std::vector<std::string>>> order_instances(http::Client& client, std::string registry) {
    auto request = http::ClientRequest::get(registry + "/eureka/apps/ORDER-SERVICE");
    request.header("Accept", "application/json");
    FLT_CO_TRY(const auto answer, co_await ask(client, std::move(request)));
    FLT_CO_TRY(const auto application, eureka::decode_application(answer.body(), eureka::Format::json));
    std::vector<std::string> bases;
    for (const auto& instance : application.instances)
        if (instance->status == eureka::InstanceStatus::up)
            bases.push_back(fmt::format("http://{}:{}", instance->ip_addr, instance->port.number));
    co_return bases;
}

Task<Result<driver::OrderList>> orders_of(http::Client& client, std::string base, driver::JournalLine user) {
    const driver::Login login{.user_id = user.user_id, .token = user.token};
    driver::OrderList list{.user_id = user.user_id, .source = base, .orders = {}};
    std::string query = "limit=1000";
    while (!query.empty()) {
        auto request = driver::orders_request(base, login, query);
        FLT_CO_TRY(const auto answer, co_await ask(client, std::move(request)));
        FLT_CO_TRY(auto page, answer.json<std::vector<driver::OrderView>>());
        std::ranges::move(page, std::back_inserter(list.orders));
        query = driver::next_page_of(answer.header("Link")).value_or("");
    }
    co_return list;
}

Task<Result<std::vector<driver::Product>>> products_of(http::Client& client, std::string gateway) {
    auto request = driver::products_request(gateway);
    request.header("Cache-Control", "no-cache");
    FLT_CO_TRY(const auto answer, co_await ask(client, std::move(request)));
    co_return answer.json<std::vector<driver::Product>>();
}

}  // namespace flotilla::shop
