#include "consul_api.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/reflect/value.hpp"
#include "flotilla/registry/catalog.hpp"

namespace flotilla::registry {

namespace {

using reflect::Json;

constexpr Duration usual_wait = std::chrono::minutes(5);
constexpr Duration longest_wait = std::chrono::minutes(10);
constexpr std::string_view json = "application/json";

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

bool is_set(const std::optional<std::string>& flag) {
    return flag && (flag->empty() || *flag == "true" || *flag == "1");
}

}  // namespace

void ConsulApi::add(http::Router& router, const std::string& path, Write write, bool per_service) {
    router.get(path, [this, write, per_service](Request& request) {
        return answer(request, write, per_service);
    });
}

void ConsulApi::mount(http::Router& router) {
    add(router, "/v1/catalog/services", &ConsulApi::services, false);
    add(router, "/v1/catalog/service/{name}", &ConsulApi::service, true);
    add(router, "/v1/catalog/nodes", &ConsulApi::nodes, false);
    add(router, "/v1/catalog/datacenters", &ConsulApi::datacenters, false);
    add(router, "/v1/health/service/{name}", &ConsulApi::health, true);
    add(router, "/v1/agent/self", &ConsulApi::agent_self, false);
    add(router, "/v1/status/leader", &ConsulApi::leader, false);
}

std::vector<CatalogEntry> ConsulApi::all() {
    return registry_.with([](InstanceRegistry& core, Moment at) {
        return core.catalog([](std::string_view) { return true; }, at);
    });
}

std::uint64_t ConsulApi::index_of(Request& request, bool per_service) {
    if (!per_service) return registry_.watch().version();
    const std::string wanted = to_lower(request.path_parameter("name").value_or(""));
    return registry_.with([&wanted](InstanceRegistry& core, Moment) {
        std::uint64_t index = 0;
        for (const std::string& app : core.application_names())
            if (service_name_of(app) == wanted) index = std::max(index, core.application_version(app));
        // One that is gone, or never was: any change may be the one that is waited for.
        return index == 0 ? core.version() : index;
    });
}

Task<http::Response> ConsulApi::answer(Request& request, Write write, bool per_service) {
    const auto seen_text = request.query_parameter("index");
    const auto seen = seen_text ? parse_integer<std::uint64_t>(*seen_text) : std::nullopt;
    if (seen_text && !seen) {
        co_return Response(http::Status::bad_request, "text/plain", "Invalid index");
    }
    if (seen && *seen != 0) {
        Duration wait = usual_wait;
        if (const auto text = request.query_parameter("wait")) {
            const auto parsed = parse_duration(*text, std::chrono::seconds(1));
            if (!parsed) co_return Response(http::Status::bad_request, "text/plain", "Invalid wait time");
            wait = std::min<Duration>(*parsed, longest_wait);
        }
        // So that those who came together do not come back together.
        wait += Duration(static_cast<Duration::rep>(
            Random::of_thread().below(static_cast<std::uint64_t>(wait.count()) / 16 + 1)
        ));
        const Deadline deadline = Deadline::after(registry_.clock().now(), wait);
        ChangeWatch& watch = registry_.watch();
        std::uint64_t version = watch.version();
        while (index_of(request, per_service) == *seen && !watch.closed() &&
               !deadline.passed(registry_.clock().now()))
            version = co_await watch.beyond(version, deadline);
    }
    Response response;
    // Taken before the answer is written: a change in between is told by the next one.
    response.set(
        "X-Consul-Index", std::to_string(std::max<std::uint64_t>(index_of(request, per_service), 1))
    );
    response.set("X-Consul-KnownLeader", "true");
    response.set("X-Consul-LastContact", "0");
    response.set_body(json, (this->*write)(request));
    co_return response;
}

std::string ConsulApi::services(Request& /*request*/) {
    return consul_services(all());
}

std::string ConsulApi::nodes(Request& /*request*/) {
    return consul_nodes(all(), config_.datacenter);
}

std::string ConsulApi::datacenters(Request& /*request*/) {
    return Json::array({config_.datacenter}).text();
}

std::string ConsulApi::service(Request& request) {
    const std::string name(request.path_parameter("name").value_or(""));
    const auto entries =
        registry_.with([&](InstanceRegistry& core, Moment at) { return entries_of(core, name, at); });
    return consul_service(entries, config_.datacenter);
}

std::string ConsulApi::health(Request& request) {
    const std::string name(request.path_parameter("name").value_or(""));
    auto entries =
        registry_.with([&](InstanceRegistry& core, Moment at) { return entries_of(core, name, at); });
    const bool passing = is_set(request.query_parameter("passing"));
    const auto wanted_tags = request.query_parameters("tag");
    std::erase_if(entries, [&](const CatalogEntry& entry) {
        if (passing && check_of(entry) != Check::passing) return true;
        const auto tags = tags_of(*entry.instance);
        return std::ranges::any_of(wanted_tags, [&](const std::string& tag) {
            return std::ranges::find(tags, tag) == tags.end();
        });
    });
    return consul_health(entries, config_.datacenter);
}

std::string ConsulApi::agent_self(Request& /*request*/) {
    Json self = Json::object({{"Datacenter", config_.datacenter}, {"NodeName", host_name()}});
    return Json::object({{"Config", std::move(self)}}).text();
}

std::string ConsulApi::leader(Request& /*request*/) {
    return Json("127.0.0.1:8300").text();
}

}  // namespace flotilla::registry
