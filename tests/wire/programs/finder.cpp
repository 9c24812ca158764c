// A service that tells whom it finds and which of them it would call: for registries that are not ours
// (tests/wire/test_discovery.py).

#include <fmt/core.h>

#include <string>

#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "flotilla/service/service.hpp"

using namespace flotilla;

namespace {

struct Found {
    std::string id;
    std::string uri;
    std::string zone;
};

FLT_DESCRIBE(Found, id, uri, zone)

Found found(const discovery::ServiceInstance& instance) {
    return {instance.id, instance.uri(), std::string(instance.zone())};
}

class Finder {
public:
    explicit Finder(Service& service) : service_(service) {}

    Task<Result<std::vector<Found>>> find(Path<"name"> name) {
        const Deadline deadline = Deadline::after(service_.runtime().clock().now(), std::chrono::seconds(3));
        FLT_CO_TRY(const auto list, co_await service_.discovery().find(*name, deadline));
        std::vector<Found> all;
        for (const auto& instance : list->instances) all.push_back(found(instance));
        co_return all;
    }

    Task<Result<Found>> pick(Path<"name"> name) {
        const TimePoint now = service_.runtime().clock().now();
        const discovery::PickRequest request{.now = now};
        const Deadline deadline = Deadline::after(now, std::chrono::seconds(3));
        FLT_CO_TRY(const auto lease, co_await service_.balancer().choose(*name, request, deadline));
        co_return found(lease.instance());
    }

private:
    Service& service_;
};

}  // namespace

int main(int argc, char** argv) {
    Service service("finder", argc, argv);
    Finder finder(service);
    service.get("/find/{name}", [&](Path<"name"> name) { return finder.find(std::move(name)); });
    service.get("/pick/{name}", [&](Path<"name"> name) { return finder.pick(std::move(name)); });
    service.get("/services", [&] { return service.discovery().services(); });
    return service.run();
}
