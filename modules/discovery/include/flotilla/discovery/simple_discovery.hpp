#pragma once
/// Services that are listed in the configuration.
///
///     spring.cloud.discovery.client.simple.instances:
///       order-service:
///         - uri: http://10.0.0.5:8080
///           metadata: {zone: a}

#include <string>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/discovery/discovery.hpp"

namespace flotilla::discovery {

/// The instances under `spring.cloud.discovery.client.simple.instances.<service>[n]`: `uri`, or `host`,
/// `port` and `secure`; `instance-id`, `metadata.*`.
Result<std::vector<ServiceInstance>> simple_instances(const config::Environment& environment);

/// A fixed list. `replace` is for tests and for configuration that was refreshed.
class StaticDiscovery final : public Discovery {
public:
    explicit StaticDiscovery(const std::vector<ServiceInstance>& instances, std::string name = "simple");

    [[nodiscard]] Snapshot instances(std::string_view service) override { return directory_.find(service); }

    [[nodiscard]] std::vector<std::string> services() const override { return directory_.services(); }

    [[nodiscard]] ListSubscription subscribe(ListListener listener) override {
        return directory_.subscribe(std::move(listener));
    }

    [[nodiscard]] std::string_view name() const noexcept override { return name_; }

    void replace(const std::vector<ServiceInstance>& instances) { directory_.publish_by_service(instances); }

private:
    Directory directory_;
    const std::string name_;
};

}  // namespace flotilla::discovery
