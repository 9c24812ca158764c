#pragma once
/// From a fleet file and a command line to the processes that shall run. Pure.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/fleet/fleet_file.hpp"

namespace flotilla::fleet {

struct UpOptions {
    std::set<std::string> only;  ///< empty: all
    std::set<std::string> without;
    std::map<std::string, std::uint32_t> scale;
    std::map<std::string, std::uint16_t> ports;
    std::string data = "data";
    std::string file;                ///< empty: the shop
    std::string profile;             ///< of the shop: `flotilla`, or `course`; empty: not said
    std::vector<std::string> extra;  ///< properties for every part that takes common ones
    bool detach = false;
    bool print = false;
    bool help = false;
};

/// `--only a,b --without c --scale order=3 --port gateway=8001 --data DIR --file FILE --detach --print`, each
/// also with `=`; `--some.property=value` goes to every part.
Result<UpOptions> parse_up_options(std::span<const std::string_view> arguments);

/// One process to be.
struct Part {
    std::string name;   ///< `order-2`, or `order` when there is one
    std::string group;  ///< `order`
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;
    std::uint16_t port = 0;
    std::string health;  ///< URLs
    std::string page;
    bool show = false;               ///< named in the ready line
    std::vector<std::string> after;  ///< groups that are ready before it starts; only those that run
};

/// What the plan must be told of the machine.
struct Machine {
    std::string program_folder;  ///< where our own programs are
    std::function<bool(const std::string& path)> is_program;
    std::function<Result<std::uint16_t>()> free_port;
    /// The secret of that name: the same whenever it is asked for.
    std::function<Result<std::string>(const std::string& name)> secret;
};

/// The processes in starting order. Names that the file does not have are errors.
Result<std::vector<Part>> make_plan(const FleetFile& file, const UpOptions& options, const Machine& machine);

}  // namespace flotilla::fleet
