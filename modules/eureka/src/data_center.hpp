#pragma once
/// What both formats say of data centers and of the legacy sid.

#include <optional>
#include <string_view>

#include "flotilla/eureka/instance_info.hpp"

namespace flotilla::eureka::detail {

inline constexpr std::string_view default_class = "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo";
inline constexpr std::string_view amazon_class = "com.netflix.appinfo.AmazonInfo";

/// The Java class that originals want named.
constexpr std::string_view class_of(DataCenter name) noexcept {
    return name == DataCenter::amazon ? amazon_class : default_class;
}

inline std::optional<DataCenter> data_center_named(std::string_view text) noexcept {
    for (const DataCenter name : {DataCenter::my_own, DataCenter::netflix, DataCenter::amazon})
        if (to_text(name) == text) return name;
    return std::nullopt;
}

/// What the compact form keeps of Amazon's metadata.
inline Metadata compact_metadata(const DataCenterInfo& info) {
    Metadata kept;
    for (const std::string_view key :
         {"instance-id", "public-ipv4", "public-hostname", "local-ipv4", "availability-zone"})
        if (const auto found = info.metadata.find(key); found != info.metadata.end()) kept.insert(*found);
    return kept;
}

inline bool writes_sid(const InstanceInfo& instance) noexcept {
    return !instance.sid.empty() && instance.sid != "na" && instance.sid != "unknown";
}

}  // namespace flotilla::eureka::detail
