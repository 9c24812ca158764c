#include "xml_reader.hpp"

#include <utility>

#include "data_center.hpp"
#include "flotilla/base/text.hpp"
#include "text_members.hpp"
#include "xml_tree.hpp"

namespace flotilla::eureka::detail {

namespace {

std::unexpected<Error> expected(std::string_view path, std::string_view what) {
    return fail(Errc::malformed, std::string(path) + ": expected " + std::string(what));
}

template <std::integral I>
I number_or(const XmlElement& element, I otherwise) {
    return parse_integer<I>(trim(element.text)).value_or(otherwise);
}

/// Text is case-insensitive here, unlike in JSON; what is no status is UNKNOWN.
InstanceStatus read_status(const XmlElement& element) {
    return parse_status(to_upper(element.text)).value_or(InstanceStatus::unknown);
}

Result<void> read_port(const XmlElement& element, Port& port) {
    const auto number = parse_integer<std::int32_t>(trim(element.text));
    if (!number) return expected("instance." + element.name, "number");
    port.number = *number;
    // Each port keeps its default unless the attribute says the opposite, exactly.
    if (const std::string* enabled = element.attribute("enabled")) {
        if (*enabled == (port.enabled ? "false" : "true")) port.enabled = !port.enabled;
    }
    return {};
}

Metadata read_metadata(const XmlElement& element) {
    Metadata metadata;
    for (const XmlElement& child : element.children) metadata.insert_or_assign(child.name, child.text);
    return metadata;
}

Result<DataCenterInfo> read_data_center(const XmlElement& element) {
    DataCenterInfo info{.name = DataCenter::unnamed};
    if (const XmlElement* child = element.child("name")) {
        const auto name = data_center_named(trim(child->text));
        if (!name) return expected("instance.dataCenterInfo.name", "Netflix, Amazon or MyOwn");
        info.name = *name;
    }
    const XmlElement* metadata = element.child("metadata");
    if (metadata != nullptr && info.name == DataCenter::amazon) info.metadata = read_metadata(*metadata);
    return info;
}

LeaseInfo read_lease(const XmlElement& element) {
    LeaseInfo lease;
    for (const XmlElement& child : element.children) {
        if (child.name == "renewalIntervalInSecs") {
            if (const auto number = number_or(child, 0); number > 0) lease.renewal_interval_in_secs = number;
        } else if (child.name == "durationInSecs") {
            if (const auto number = number_or(child, 0); number > 0) lease.duration_in_secs = number;
        } else if (child.name == "registrationTimestamp") {
            lease.registration_timestamp = number_or<std::int64_t>(child, 0);
        } else if (child.name == "lastRenewalTimestamp") {
            lease.last_renewal_timestamp = number_or<std::int64_t>(child, 0);
        } else if (child.name == "evictionTimestamp") {
            lease.eviction_timestamp = number_or<std::int64_t>(child, 0);
        } else if (child.name == "serviceUpTimestamp") {
            lease.service_up_timestamp = number_or<std::int64_t>(child, 0);
        }
    }
    return lease;
}

bool take_text(InstanceInfo& instance, const XmlElement& element) {
    for (const TextMember& known : text_members) {
        if (known.name != element.name) continue;
        instance.*known.text = element.text;
        return true;
    }
    for (const OptionalMember& known : optional_members) {
        if (known.name != element.name) continue;
        instance.*known.text = element.text;
        return true;
    }
    return false;
}

Result<void> take_element(InstanceInfo& instance, const XmlElement& element) {
    if (take_text(instance, element)) return {};
    if (element.name == "app") {
        instance.app = element.text;
    } else if (element.name == "status") {
        instance.status = read_status(element);
    } else if (element.name == "overriddenstatus" || element.name == "overriddenStatus") {
        instance.overridden_status = read_status(element);
    } else if (element.name == "port") {
        return read_port(element, instance.port);
    } else if (element.name == "securePort") {
        return read_port(element, instance.secure_port);
    } else if (element.name == "countryId") {
        const auto number = parse_integer<std::int32_t>(trim(element.text));
        if (!number) return expected("instance.countryId", "number");
        instance.country_id = *number;
    } else if (element.name == "dataCenterInfo") {
        FLT_TRY(instance.data_center_info, read_data_center(element));
    } else if (element.name == "leaseInfo") {
        instance.lease_info = read_lease(element);
    } else if (element.name == "metadata") {
        instance.metadata = read_metadata(element);
    } else if (element.name == "isCoordinatingDiscoveryServer") {
        instance.is_coordinating_discovery_server = iequals(trim(element.text), "true");
    } else if (element.name == "lastUpdatedTimestamp") {
        instance.last_updated_timestamp = number_or<std::int64_t>(element, 0);
    } else if (element.name == "lastDirtyTimestamp") {
        instance.last_dirty_timestamp = number_or<std::int64_t>(element, 0);
    } else if (element.name == "actionType") {
        instance.action_type = parse_action(trim(element.text));
    }
    return {};
}

Result<InstanceInfo> read_instance(const XmlElement& element) {
    InstanceInfo instance;
    instance.data_center_info.reset();
    for (const XmlElement& child : element.children) FLT_CHECK(take_element(instance, child));
    if (element.child("app") == nullptr) return expected("instance.app", "text");
    instance.app = to_upper(instance.app);
    return instance;
}

Result<Application> read_application(const XmlElement& element) {
    Application application;
    for (const XmlElement& child : element.children) {
        if (child.name == "name") {
            application.name = to_upper(child.text);
        } else if (child.name == "instance") {
            FLT_TRY(auto instance, read_instance(child));
            application.instances.push_back(std::make_shared<const InstanceInfo>(std::move(instance)));
        }
    }
    return application;
}

Result<Applications> read_applications(const XmlElement& element) {
    Applications applications;
    for (const XmlElement& child : element.children) {
        // Names are read with XStream's escapes: `versions__delta` is `versions_delta`.
        if (child.name == "versions_delta") {
            applications.version = number_or<std::int64_t>(child, 1);
        } else if (child.name == "apps_hashcode") {
            applications.hash_code = child.text;
        } else if (child.name == "application") {
            FLT_TRY(Application application, read_application(child));
            std::string name = application.name;
            applications.by_name.insert_or_assign(std::move(name), std::move(application));
        }
    }
    return applications;
}

template <class Read>
auto read_document(
    std::string_view text, const reflect::Limits& limits, std::string_view root_name, Read&& read
) -> decltype(read(std::declval<const XmlElement&>())) {
    FLT_TRY(const XmlElement root, parse_xml(text, limits));
    if (root.name != root_name) return expected("document", "<" + std::string(root_name) + ">");
    return read(root);
}

}  // namespace

Result<InstanceInfo> instance_from_xml(std::string_view text, const reflect::Limits& limits) {
    return read_document(text, limits, "instance", read_instance);
}

Result<Application> application_from_xml(std::string_view text, const reflect::Limits& limits) {
    return read_document(text, limits, "application", read_application);
}

Result<Applications> applications_from_xml(std::string_view text, const reflect::Limits& limits) {
    return read_document(text, limits, "applications", read_applications);
}

}  // namespace flotilla::eureka::detail
