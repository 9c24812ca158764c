#pragma once
// Instances for tests.

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "flotilla/discovery/service_instance.hpp"

namespace flotilla::discovery {

inline ServiceInstance instance(std::string id, std::uint16_t port = 8080, Metadata metadata = {}) {
    ServiceInstance out;
    out.service = "ORDER-SERVICE";
    out.host = id;
    out.id = std::move(id);
    out.port = port;
    out.metadata = std::move(metadata);
    return out;
}

/// `i0`, `i1`, ...
inline std::vector<ServiceInstance> instances(std::size_t count) {
    std::vector<ServiceInstance> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(instance(fmt::format("i{}", i)));
    return out;
}

inline InstanceList list_of(std::vector<ServiceInstance> instances, std::uint64_t version = 1) {
    InstanceList list;
    list.service = "order-service";
    list.instances = std::move(instances);
    list.version = version;
    list.known = true;
    return list;
}

}  // namespace flotilla::discovery
