#include "json_writer.hpp"

#include "data_center.hpp"
#include "flotilla/reflect/print.hpp"

namespace flotilla::eureka::detail {

namespace {

namespace print = reflect::print;

constexpr std::string_view empty_map = R"({"@class":"java.util.Collections$EmptyMap"})";

/// Appends members; each has a comma behind it, which `close` takes away.
class ObjectWriter {
public:
    explicit ObjectWriter(std::string& out) : out_(out) { out_.push_back('{'); }

    void text(std::string_view key, std::string_view value) {
        name(key);
        print::string(out_, value);
        out_.push_back(',');
    }

    void optional(std::string_view key, const std::optional<std::string>& value) {
        if (value) text(key, *value);
    }

    void number(std::string_view key, std::int64_t value) {
        name(key);
        print::integer(out_, value);
        out_.push_back(',');
    }

    void number_as_text(std::string_view key, std::int64_t value) {
        name(key);
        out_.push_back('"');
        print::integer(out_, value);
        out_ += "\",";
    }

    void port(std::string_view key, const Port& port) {
        name(key);
        out_ += "{\"$\":";
        print::integer(out_, port.number);
        out_ += port.enabled ? R"(,"@enabled":"true"},)" : R"(,"@enabled":"false"},)";
    }

    void map(std::string_view key, const Metadata& values) {
        name(key);
        if (values.empty()) {
            out_ += empty_map;
        } else {
            ObjectWriter object(out_);
            for (const auto& [inner, value] : values) object.text(inner, value);
            object.close();
        }
        out_.push_back(',');
    }

    void data_center(std::string_view key, const DataCenterInfo& info, Detail detail) {
        name(key);
        ObjectWriter object(out_);
        object.text("@class", class_of(info.name));
        object.text("name", to_text(info.name));
        if (info.name == DataCenter::amazon)
            object.map("metadata", detail == Detail::full ? info.metadata : compact_metadata(info));
        object.close();
        out_.push_back(',');
    }

    void lease(std::string_view key, const LeaseInfo& lease) {
        name(key);
        ObjectWriter object(out_);
        object.number("renewalIntervalInSecs", lease.renewal_interval_in_secs);
        object.number("durationInSecs", lease.duration_in_secs);
        object.number("registrationTimestamp", lease.registration_timestamp);
        object.number("lastRenewalTimestamp", lease.last_renewal_timestamp);
        object.number("evictionTimestamp", lease.eviction_timestamp);
        object.number("serviceUpTimestamp", lease.service_up_timestamp);
        object.close();
        out_.push_back(',');
    }

    void close() {
        if (out_.back() == ',') {
            out_.back() = '}';
        } else {
            out_.push_back('}');
        }
    }

private:
    void name(std::string_view key) {
        print::string(out_, key);
        out_.push_back(':');
    }

    std::string& out_;
};

void append_full(std::string& out, const InstanceInfo& instance) {
    ObjectWriter object(out);
    if (!instance.instance_id.empty()) object.text("instanceId", instance.instance_id);
    object.text("hostName", instance.host_name);
    object.text("app", instance.app);
    object.text("ipAddr", instance.ip_addr);
    if (writes_sid(instance)) object.text("sid", instance.sid);
    object.text("status", to_text(instance.status));
    object.text("overriddenStatus", to_text(instance.overridden_status));
    object.port("port", instance.port);
    object.port("securePort", instance.secure_port);
    object.number("countryId", instance.country_id);
    if (instance.data_center_info)
        object.data_center("dataCenterInfo", *instance.data_center_info, Detail::full);
    if (instance.lease_info) object.lease("leaseInfo", *instance.lease_info);
    object.map("metadata", instance.metadata);
    object.optional("appGroupName", instance.app_group_name);
    object.optional("homePageUrl", instance.home_page_url);
    object.optional("statusPageUrl", instance.status_page_url);
    object.optional("healthCheckUrl", instance.health_check_url);
    object.optional("secureHealthCheckUrl", instance.secure_health_check_url);
    object.optional("vipAddress", instance.vip_address);
    object.optional("secureVipAddress", instance.secure_vip_address);
    object.text(
        "isCoordinatingDiscoveryServer", instance.is_coordinating_discovery_server ? "true" : "false"
    );
    object.number_as_text("lastUpdatedTimestamp", instance.last_updated_timestamp);
    object.number_as_text("lastDirtyTimestamp", instance.last_dirty_timestamp);
    if (instance.action_type) object.text("actionType", to_text(*instance.action_type));
    object.optional("asgName", instance.asg_name);
    object.close();
}

void append_compact(std::string& out, const InstanceInfo& instance) {
    ObjectWriter object(out);
    if (!instance.instance_id.empty()) object.text("instanceId", instance.instance_id);
    object.text("app", instance.app);
    object.text("ipAddr", instance.ip_addr);
    object.optional("vipAddress", instance.vip_address);
    object.optional("secureVipAddress", instance.secure_vip_address);
    if (instance.data_center_info)
        object.data_center("dataCenterInfo", *instance.data_center_info, Detail::compact);
    object.text("hostName", instance.host_name);
    object.text("status", to_text(instance.status));
    object.number("lastUpdatedTimestamp", instance.last_updated_timestamp);
    if (instance.action_type) object.text("actionType", to_text(*instance.action_type));
    object.optional("asgName", instance.asg_name);
    object.port("port", instance.port);
    object.port("securePort", instance.secure_port);
    object.close();
}

}  // namespace

void append_json(std::string& out, const InstanceInfo& instance, Detail detail) {
    if (detail == Detail::full) {
        append_full(out, instance);
    } else {
        append_compact(out, instance);
    }
}

void append_json(std::string& out, const Application& application, Detail detail) {
    out += R"({"name":)";
    print::string(out, application.name);
    out += R"(,"instance":[)";
    for (const auto& instance : application.instances) {
        if (instance != application.instances.front()) out.push_back(',');
        append_json(out, *instance, detail);
    }
    out += "]}";
}

}  // namespace flotilla::eureka::detail
