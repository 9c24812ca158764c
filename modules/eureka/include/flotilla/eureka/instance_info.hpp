#pragma once
/// One instance of a service as Eureka describes it. Times are milliseconds of the Unix epoch.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace flotilla::eureka {

enum class InstanceStatus : std::uint8_t { up, down, starting, out_of_service, unknown };

/// `UP`, `DOWN`, `STARTING`, `OUT_OF_SERVICE`, `UNKNOWN`
std::string_view to_text(InstanceStatus status) noexcept;
/// Exactly one of these names.
std::optional<InstanceStatus> parse_status(std::string_view text) noexcept;

/// What a delta document says has happened to an instance.
enum class ActionType : std::uint8_t { added, modified, deleted };

/// `ADDED`, `MODIFIED`, `DELETED`
std::string_view to_text(ActionType action) noexcept;
std::optional<ActionType> parse_action(std::string_view text) noexcept;

using Metadata = std::map<std::string, std::string, std::less<>>;

/// How often the instance promises to renew, and what the registry has seen of it.
struct LeaseInfo {
    std::int32_t renewal_interval_in_secs = 30;
    std::int32_t duration_in_secs = 90;
    std::int64_t registration_timestamp = 0;
    std::int64_t last_renewal_timestamp = 0;
    std::int64_t eviction_timestamp = 0;
    std::int64_t service_up_timestamp = 0;

    friend bool operator==(const LeaseInfo&, const LeaseInfo&) = default;
};

enum class DataCenter : std::uint8_t {
    unnamed,  ///< a document that left the name out; a registry refuses it
    my_own,
    netflix,
    amazon
};

/// `MyOwn`, `Netflix`, `Amazon`; empty for `unnamed`
std::string_view to_text(DataCenter name) noexcept;

struct DataCenterInfo {
    DataCenter name = DataCenter::my_own;
    Metadata metadata = {};  ///< of Amazon only: `instance-id`, `availability-zone`, ...

    friend bool operator==(const DataCenterInfo&, const DataCenterInfo&) = default;
};

struct Port {
    std::int32_t number = 0;
    bool enabled = false;

    friend bool operator==(const Port&, const Port&) = default;
};

/// A value; what is shared is `InstancePtr`. Empty optionals are members that the document does not have.
struct InstanceInfo {
    std::string instance_id;  ///< may be empty: see `id()`
    std::string host_name;
    std::string app;  ///< upper case
    std::string ip_addr;
    std::string sid;  ///< legacy; empty means `na`
    InstanceStatus status = InstanceStatus::up;
    InstanceStatus overridden_status = InstanceStatus::unknown;  ///< unknown: no override
    Port port{7001, true};
    Port secure_port{7002, false};
    std::int32_t country_id = 1;
    std::optional<DataCenterInfo> data_center_info = DataCenterInfo{};
    std::optional<LeaseInfo> lease_info = {};
    Metadata metadata = {};

    std::optional<std::string> app_group_name = {};
    std::optional<std::string> home_page_url = {};
    std::optional<std::string> status_page_url = {};
    std::optional<std::string> health_check_url = {};
    std::optional<std::string> secure_health_check_url = {};
    std::optional<std::string> vip_address = {};         ///< comma separated names
    std::optional<std::string> secure_vip_address = {};  ///< comma separated names
    bool is_coordinating_discovery_server = false;
    std::int64_t last_updated_timestamp = 0;
    /// When the instance last changed by its own account: the larger one wins between registries. Zero: the
    /// document has none, and whoever takes it puts his own time.
    std::int64_t last_dirty_timestamp = 0;
    std::optional<ActionType> action_type = {};
    std::optional<std::string> asg_name = {};

    /// What it is known by: the instance id, or Amazon's, or the host name.
    [[nodiscard]] std::string_view id() const noexcept;
    /// Metadata `zone`, or Amazon's availability zone; empty when there is none.
    [[nodiscard]] std::string_view zone() const noexcept;
    /// Whether `name` is exactly one of the names of `vip_address`.
    [[nodiscard]] bool has_vip(std::string_view name) const noexcept;
    [[nodiscard]] bool has_secure_vip(std::string_view name) const noexcept;

    friend bool operator==(const InstanceInfo&, const InstanceInfo&) = default;
};

using InstancePtr = std::shared_ptr<const InstanceInfo>;

}  // namespace flotilla::eureka
