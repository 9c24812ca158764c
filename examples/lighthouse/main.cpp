// The service that is called: tells the weather of a harbor. Start as many as you like.

#include <unistd.h>

#include <functional>
#include <string>

#include "flotilla/service/service.hpp"
#include "weather.hpp"

using namespace flotilla;

struct LighthouseConfig {
    std::chrono::milliseconds fog{0};
};

FLT_DESCRIBE_CONFIG(LighthouseConfig, (fog, "How long an answer takes: try more than the caller's patience."))

Task<Weather> look(std::string harbor, std::chrono::milliseconds fog) {
    if (fog.count() > 0) co_await runtime::sleep_for(fog);
    const auto seed = std::hash<std::string>()(harbor);
    const int wind = static_cast<int>(seed % 12);
    co_return Weather{
        .harbor = std::move(harbor),
        .sky = wind < 8 ? "clear" : "storm",
        .wind = wind,
        .told_by = "lighthouse " + std::to_string(getpid()),
    };
}

int main(int argc, char** argv) {
    Service service("lighthouse", argc, argv);
    const auto config = service.bind<LighthouseConfig>("lighthouse");

    service.get("/lighthouse/{harbor}/weather", [&](Path<"harbor"> harbor) {
        return look(*harbor, config.fog);
    });
    return service.run();
}
