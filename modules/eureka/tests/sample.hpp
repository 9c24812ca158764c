#pragma once
/// Instances and documents that the tests share.

#include <string>

#include "flotilla/eureka/codec.hpp"

namespace flotilla::eureka::testing {

/// The one of the protocol's description.
inline InstanceInfo user_service(std::string host = "h1") {
    InstanceInfo instance;
    instance.instance_id = host + ":user-service:8080";
    instance.host_name = host;
    instance.app = "USER-SERVICE";
    instance.ip_addr = "10.0.0.5";
    instance.port = {8080, true};
    instance.secure_port = {443, false};
    instance.lease_info = LeaseInfo{
        .registration_timestamp = 1700000000000,
        .last_renewal_timestamp = 1700000030000,
        .service_up_timestamp = 1700000000500
    };
    instance.metadata = {{"management.port", "8080"}};
    instance.home_page_url = "http://h1:8080/";
    instance.status_page_url = "http://h1:8080/actuator/info";
    instance.health_check_url = "http://h1:8080/actuator/health";
    instance.vip_address = "user-service";
    instance.secure_vip_address = "user-service";
    instance.last_updated_timestamp = 1700000000501;
    instance.last_dirty_timestamp = 1700000000100;
    instance.action_type = ActionType::added;
    return instance;
}

inline InstancePtr shared(InstanceInfo instance) {
    return std::make_shared<const InstanceInfo>(std::move(instance));
}

inline InstancePtr instance_of(std::string app, std::string id, InstanceStatus status = InstanceStatus::up) {
    InstanceInfo instance = user_service();
    instance.app = std::move(app);
    instance.instance_id = std::move(id);
    instance.status = status;
    return shared(std::move(instance));
}

/// A JSON registration with `members` beside the app, which is `A`.
inline Result<InstanceInfo> read_json(const std::string& members) {
    return decode_instance(
        R"({"instance":{"app":"A")" + (members.empty() ? "" : "," + members) + "}}", Format::json
    );
}

inline Result<InstanceInfo> read_xml(const std::string& elements) {
    return decode_instance("<instance><app>A</app>" + elements + "</instance>", Format::xml);
}

}  // namespace flotilla::eureka::testing
