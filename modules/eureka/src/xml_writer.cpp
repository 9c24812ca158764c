#include "xml_writer.hpp"

#include "data_center.hpp"
#include "xml_names.hpp"

namespace flotilla::eureka::detail {

namespace {

class ElementWriter {
public:
    ElementWriter(std::string& out, Detail detail, int depth) : out_(out), detail_(detail), depth_(depth) {}

    void open(std::string_view start) {
        indent();
        out_ += start;
        line_end();
        ++depth_;
    }

    void close(std::string_view name) {
        --depth_;
        indent();
        out_ += "</";
        out_ += name;
        out_ += '>';
        line_end();
    }

    /// `name` is written as it is: all but metadata keys need no escape.
    void text(std::string_view name, std::string_view value, std::string_view attributes = {}) {
        indent();
        out_ += '<';
        out_ += name;
        out_ += attributes;
        out_ += '>';
        append_xml_text(out_, value);
        out_ += "</";
        out_ += name;
        out_ += '>';
        line_end();
    }

    void optional(std::string_view name, const std::optional<std::string>& value) {
        if (value) text(name, *value);
    }

    void number(std::string_view name, std::int64_t value) { text(name, std::to_string(value)); }

    void port(std::string_view name, const Port& port) {
        text(name, std::to_string(port.number), port.enabled ? " enabled=\"true\"" : " enabled=\"false\"");
    }

    void metadata(const Metadata& values) {
        if (values.empty()) {
            indent();
            out_ += "<metadata class=\"java.util.Collections$EmptyMap\"/>";
            line_end();
            return;
        }
        open("<metadata>");
        std::string name;
        for (const auto& [key, value] : values) {
            if (key.empty()) continue;  // no element can be called that
            name.clear();
            append_xml_name(name, key);
            text(name, value);
        }
        close("metadata");
    }

    void data_center(const DataCenterInfo& info) {
        std::string start = "<dataCenterInfo class=\"";
        start += class_of(info.name);
        start += "\">";
        open(start);
        text("name", to_text(info.name));
        if (info.name == DataCenter::amazon)
            metadata(detail_ == Detail::full ? info.metadata : compact_metadata(info));
        close("dataCenterInfo");
    }

    void lease(const LeaseInfo& lease) {
        open("<leaseInfo>");
        number("renewalIntervalInSecs", lease.renewal_interval_in_secs);
        number("durationInSecs", lease.duration_in_secs);
        number("registrationTimestamp", lease.registration_timestamp);
        number("lastRenewalTimestamp", lease.last_renewal_timestamp);
        number("evictionTimestamp", lease.eviction_timestamp);
        number("serviceUpTimestamp", lease.service_up_timestamp);
        close("leaseInfo");
    }

private:
    void indent() {
        if (detail_ == Detail::full) out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
    }

    void line_end() {
        if (detail_ == Detail::full) out_ += '\n';
    }

    std::string& out_;
    Detail detail_;
    int depth_;
};

void write_full(ElementWriter& xml, const InstanceInfo& instance) {
    if (!instance.instance_id.empty()) xml.text("instanceId", instance.instance_id);
    xml.text("hostName", instance.host_name);
    xml.text("app", instance.app);
    xml.text("ipAddr", instance.ip_addr);
    if (writes_sid(instance)) xml.text("sid", instance.sid);
    xml.text("status", to_text(instance.status));
    xml.text("overriddenstatus", to_text(instance.overridden_status));
    xml.port("port", instance.port);
    xml.port("securePort", instance.secure_port);
    xml.number("countryId", instance.country_id);
    if (instance.data_center_info) xml.data_center(*instance.data_center_info);
    if (instance.lease_info) xml.lease(*instance.lease_info);
    xml.metadata(instance.metadata);
    xml.optional("appGroupName", instance.app_group_name);
    xml.optional("homePageUrl", instance.home_page_url);
    xml.optional("statusPageUrl", instance.status_page_url);
    xml.optional("healthCheckUrl", instance.health_check_url);
    xml.optional("secureHealthCheckUrl", instance.secure_health_check_url);
    xml.optional("vipAddress", instance.vip_address);
    xml.optional("secureVipAddress", instance.secure_vip_address);
    xml.text("isCoordinatingDiscoveryServer", instance.is_coordinating_discovery_server ? "true" : "false");
    xml.number("lastUpdatedTimestamp", instance.last_updated_timestamp);
    xml.number("lastDirtyTimestamp", instance.last_dirty_timestamp);
    if (instance.action_type) xml.text("actionType", to_text(*instance.action_type));
    xml.optional("asgName", instance.asg_name);
}

void write_compact(ElementWriter& xml, const InstanceInfo& instance) {
    if (!instance.instance_id.empty()) xml.text("instanceId", instance.instance_id);
    xml.text("app", instance.app);
    xml.text("ipAddr", instance.ip_addr);
    xml.optional("vipAddress", instance.vip_address);
    xml.optional("secureVipAddress", instance.secure_vip_address);
    if (instance.data_center_info) xml.data_center(*instance.data_center_info);
    xml.text("hostName", instance.host_name);
    xml.text("status", to_text(instance.status));
    xml.number("lastUpdatedTimestamp", instance.last_updated_timestamp);
    if (instance.action_type) xml.text("actionType", to_text(*instance.action_type));
    xml.optional("asgName", instance.asg_name);
    xml.port("port", instance.port);
    xml.port("securePort", instance.secure_port);
}

}  // namespace

void append_xml(std::string& out, const InstanceInfo& instance, Detail detail, int depth) {
    ElementWriter xml(out, detail, depth);
    xml.open("<instance>");
    if (detail == Detail::full) {
        write_full(xml, instance);
    } else {
        write_compact(xml, instance);
    }
    xml.close("instance");
}

void append_xml(std::string& out, const Application& application, Detail detail, int depth) {
    ElementWriter xml(out, detail, depth);
    xml.open("<application>");
    xml.text("name", application.name);
    for (const auto& instance : application.instances) append_xml(out, *instance, detail, depth + 1);
    xml.close("application");
}

void append_xml_element(
    std::string& out, std::string_view name, std::string_view text, Detail detail, int depth
) {
    ElementWriter(out, detail, depth).text(name, text);
}

}  // namespace flotilla::eureka::detail
