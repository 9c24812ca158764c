#pragma once
/// `/actuator/info`: sections that say what runs here.

#include <functional>
#include <string>
#include <vector>

#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::actuator {

/// `build` and `git` sections, as the build knows them; empty texts are left out.
struct BuildDetails {
    std::string artifact{};
    std::string group{};
    std::string name{};
    std::string version{};
    std::string time{};
    std::string branch{};
    std::string commit{};
    std::string commit_time{};
};

/// Filled in main, before the first request.
class InfoContributors {
public:
    /// Adds its sections to the object.
    using Contributor = std::function<void(Json& info)>;

    void add(Contributor contributor) { contributors_.push_back(std::move(contributor)); }

    [[nodiscard]] Json json() const;

private:
    std::vector<Contributor> contributors_;
};

Json build_info(const BuildDetails& build);
/// Null without a commit.
Json git_info(const BuildDetails& build);
/// Name, version and architecture of the operating system.
Json os_info();
/// Ids, owner, processors, memory.
Json process_info();
/// Language, compiler, standard library, optimisation.
Json runtime_info();
/// All `info.*` properties as a tree.
Json properties_info(const config::Environment& environment);

Endpoint info_endpoint(const InfoContributors& contributors);

}  // namespace flotilla::actuator
