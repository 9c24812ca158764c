#pragma once
/// What a fleet consists of, as people write it down in YAML.
///
///     parts:
///       - name: registry
///         command: flotilla registry
///         port: 8761
///       - name: order
///         command: shop-order
///         instances: 2
///         after: [registry]
///         options: ["--spring.datasource.url=sqlite:${data}/orderdb.sqlite"]

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::fleet {

/// One program, run once or several times. In its environment, and there alone, as command lines are seen by
/// others,
/// `${secret.NAME}` is a secret that the fleet makes once and keeps in its data folder. In its command,
/// options and environment, `${port}` is its own port,
/// `${port.NAME}` that of another part, `${data}` the folder for what lasts, `${name}` the name of the
/// process.
struct PartSpec {
    std::string name;
    std::string command;
    std::uint16_t port = 0;
    std::uint32_t instances = 1;
    std::vector<std::string> after;
    std::vector<std::string> options;
    std::map<std::string, std::string> environment;
    std::string port_option = "--server.port=${port}";
    std::string health = "/actuator/health/readiness";
    std::string page = "/";
    bool show = false;
};

struct FleetFile {
    std::vector<std::string> common;
    std::vector<PartSpec> parts;
};

/// Unknown keys, a part without a name or command, two of one name, and `after` in a circle are errors.
Result<FleetFile> parse_fleet(std::string_view yaml);

/// What `flotilla up` runs when no file is given: registry, gateway and the shop.
std::string shop_fleet();
/// What `flotilla up --profile course` runs: the shop of the lessons.
std::string course_fleet();

}  // namespace flotilla::fleet
