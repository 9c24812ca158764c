#include "flotilla/actuator/info.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "flotilla/base/text.hpp"
#include "flotilla/config/masking.hpp"
#include "flotilla/config/property_name.hpp"
#include "secrets.hpp"

namespace flotilla::actuator {

namespace {

void set_unless_empty(Json& object, const char* key, const std::string& value) {
    if (!value.empty()) object.set(key, value);
}

std::string first_line_value(const std::string& file, std::string_view key) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(key)) continue;
        std::string_view value = trim(std::string_view(line).substr(key.size()));
        if (value.starts_with('"') && value.ends_with('"') && value.size() > 1)
            value = value.substr(1, value.size() - 2);
        return std::string(value);
    }
    return {};
}

std::string owner_name() {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> buffer{};
    if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found)
        return std::to_string(geteuid());
    return found->pw_name;
}

/// In bytes; the file has `VmRSS:	  1234 kB`.
std::uint64_t status_bytes(std::string_view key) {
    const std::string value = first_line_value("/proc/self/status", key);
    return parse_integer<std::uint64_t>(value.substr(0, value.find(' '))).value_or(0) * 1024;
}

}  // namespace

Json InfoContributors::json() const {
    Json info = Json::object();
    for (const auto& contribute : contributors_) contribute(info);
    return info;
}

Json build_info(const BuildDetails& build) {
    Json json = Json::object();
    set_unless_empty(json, "artifact", build.artifact);
    set_unless_empty(json, "group", build.group);
    set_unless_empty(json, "name", build.name);
    set_unless_empty(json, "version", build.version);
    set_unless_empty(json, "time", build.time);
    return json;
}

Json git_info(const BuildDetails& build) {
    if (build.commit.empty()) return {};
    Json commit = Json::object({{"id", build.commit}});
    set_unless_empty(commit, "time", build.commit_time);
    Json json = Json::object();
    set_unless_empty(json, "branch", build.branch);
    json.set("commit", std::move(commit));
    return json;
}

Json os_info() {
    utsname system{};
    uname(&system);
    std::string name = first_line_value("/etc/os-release", "PRETTY_NAME=");
    if (name.empty()) name = system.sysname;
    return Json::object({{"name", name}, {"version", system.release}, {"arch", system.machine}});
}

Json process_info() {
    return Json::object({
        {"pid", getpid()},
        {"parentPid", getppid()},
        {"owner", owner_name()},
        {"cpus", std::thread::hardware_concurrency()},
        {"memory", Json::object({{"rss", status_bytes("VmRSS:")}, {"virtual", status_bytes("VmSize:")}})},
    });
}

Json runtime_info() {
#ifdef __clang__
    const std::string compiler =
        fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    const std::string compiler = fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
#ifdef __OPTIMIZE__
    constexpr bool optimised = true;
#else
    constexpr bool optimised = false;
#endif
    return Json::object({
        {"language", "C++23"},
        {"compiler", compiler},
        {"standardLibrary", fmt::format("libstdc++ {}", _GLIBCXX_RELEASE)},
        {"optimisation", optimised},
    });
}

Json properties_info(const config::Environment& environment) {
    Json tree = Json::object();
    for (const auto& name : environment.names()) {
        if (!name.starts_with("info.")) continue;
        const auto found = environment.find(name);
        if (!found) continue;
        Json* node = &tree;
        for (const auto& step : config::split_name(std::string_view(name).substr(5))) {
            if (!node->is_object() && !node->is_null()) *node = Json();
            node = &(*node)[step.text];
        }
        *node = config::shown_value(
            name, environment.resolved(*found->property), tells_secret(environment, *found->property)
        );
    }
    return tree;
}

Endpoint info_endpoint(const InfoContributors& contributors) {
    Endpoint endpoint;
    endpoint.id = "info";
    endpoint.open = true;
    Operation::Function read = [&contributors](const Call&) { return Answer::of(contributors.json()); };
    endpoint.operations.push_back({.run = std::move(read)});
    return endpoint;
}

}  // namespace flotilla::actuator
