// The service that calls: sails when a lighthouse says that the weather allows it, and stays when none
// answers.

#include <string>

#include "flotilla/remote/remote.hpp"
#include "flotilla/service/service.hpp"
#include "weather.hpp"

using namespace flotilla;

/// The API of the lighthouses, as far as a ferry needs it.
struct Lighthouse {
    static constexpr remote::Target target{.service = "lighthouse"};

    remote::Get<"/lighthouse/{harbor}/weather", Weather(Path<"harbor">)> weather;
};

FLT_DESCRIBE(Lighthouse, weather)

struct Departure {
    std::string harbor;
    bool sails = false;
    Weather weather;
};

FLT_DESCRIBE(Departure, harbor, sails, weather)

Task<Result<Departure>> departure(const Lighthouse& lighthouse, std::string harbor) {
    FLT_CO_TRY(Weather weather, co_await lighthouse.weather(harbor));
    const bool sails = weather.sky == "clear";
    co_return Departure{.harbor = std::move(harbor), .sails = sails, .weather = std::move(weather)};
}

/// Without a lighthouse nobody knows the weather.
Lighthouse darkness() {
    Lighthouse lighthouse;
    lighthouse.weather = [](std::string_view harbor) {
        return Weather{.harbor = std::string(harbor), .told_by = "nobody"};
    };
    return lighthouse;
}

int main(int argc, char** argv) {
    Service service("ferry", argc, argv);
    const auto lighthouse = service.remote().client<Lighthouse>({.fallback = darkness()});

    service.get("/ferry/{harbor}", [&](Path<"harbor"> harbor) { return departure(lighthouse, *harbor); });
    return service.run();
}
