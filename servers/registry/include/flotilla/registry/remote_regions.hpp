#pragma once
/// Registries of other regions: which there are, what they hold, and which of them a read takes in.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/eureka/applications.hpp"
#include "flotilla/registry/registry_config.hpp"
#include "flotilla/registry/registry_types.hpp"

namespace flotilla::registry {

/// A bit for each region, in the order of their names; 0: the own region alone.
using RegionSet = std::uint64_t;

inline constexpr std::size_t most_regions = 64;

/// The regions of `eureka.server.remote-region-urls-with-name`. Immutable.
class RegionNames {
public:
    explicit RegionNames(const EurekaServerConfig& config);

    [[nodiscard]] const std::vector<std::string>& all() const noexcept { return names_; }

    /// What a read that names none takes in.
    [[nodiscard]] RegionSet usual() const noexcept { return usual_; }

    /// `?regions=a,b`, in any case and order. One that nobody knows is nothing.
    [[nodiscard]] RegionSet named(std::string_view list) const;

private:
    std::vector<std::string> names_;  ///< lower case, sorted
    RegionSet usual_ = 0;
};

/// Copies of what other regions hold; pure. Their leases are their own affair: here nothing expires, and a
/// region that cannot be read stays as it was.
class RemoteRegions {
public:
    /// Notes a change and tells its version.
    using Record = std::function<std::uint64_t(const InstancePtr&)>;

    struct App {
        std::map<std::string, InstancePtr, std::less<>> instances = {};
        std::uint64_t version = 0;  ///< of its last change, also when nothing is left
    };

    /// The same application in several regions.
    using Found = std::vector<const App*>;

    explicit RemoteRegions(const EurekaServerConfig& config);

    [[nodiscard]] const RegionNames& names() const noexcept { return names_; }

    /// Takes over what a region holds now, as far as its white list allows.
    void replace(std::size_t region, const eureka::Applications& copy, const Record& record);

    [[nodiscard]] std::size_t size(std::size_t region) const noexcept { return regions_[region].size; }

    /// By application, in the order of their names.
    [[nodiscard]] std::map<std::string_view, Found> select(RegionSet set) const;
    [[nodiscard]] Found find(RegionSet set, std::string_view app) const;
    /// Null when none of the regions has it.
    [[nodiscard]] InstancePtr find(RegionSet set, std::string_view app, std::string_view id) const;

private:
    struct Region {
        std::map<std::string, App, std::less<>> apps = {};
        std::vector<std::string> white_list = {};  ///< upper case; empty: all
        std::size_t size = 0;
    };

    static void drop(Region& region, App& app, std::string_view id, const Record& record);

    RegionNames names_;
    std::vector<Region> regions_;
};

}  // namespace flotilla::registry
