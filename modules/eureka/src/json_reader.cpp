#include "json_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "data_center.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/reflect/reader.hpp"
#include "text_members.hpp"

namespace flotilla::eureka::detail {

namespace {

using reflect::Node;

std::unexpected<Error> expected(std::string_view path, std::string_view what) {
    return fail(Errc::malformed, std::string(path) + ": expected " + std::string(what));
}

std::int64_t cut(double value) noexcept {
    if (std::isnan(value)) return 0;
    constexpr auto limit = 9.2e18;
    return static_cast<std::int64_t>(std::clamp(value, -limit, limit));
}

std::int32_t narrow(std::int64_t value) noexcept {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(
        value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()
    ));
}

bool lenient_bool(const Node& node) {
    switch (node.tag()) {
        case 't':
            return true;
        case 'l':
        case 'u':
        case 'd':
            return lenient_integer(node) != 0;
        default:
            return node.is_text() && trim(node.text()) == "true";
    }
}

bool is_scalar(const Node& node) noexcept {
    return node.tag() != '{' && node.tag() != '[';
}

/// Calls `use(key, value)` until it returns an error.
template <class Use>
Result<void> each_member(const Node& object, Use&& use) {
    for (Node key = object.first(); !key.at_end();) {
        const Node value = key.next();
        FLT_CHECK(use(key.text(), value));
        key = value.next();
    }
    return {};
}

/// An array, or a single value where originals' older codecs wrote one.
template <class Use>
Result<void> each_element(const Node& list, Use&& use) {
    if (list.is_null()) return {};
    if (list.tag() != '[') return use(list);
    for (Node element = list.first(); !element.at_end(); element = element.next()) FLT_CHECK(use(element));
    return {};
}

Result<Port> read_port(const Node& node, Port port, std::string_view path) {
    if (node.is_null()) return port;
    if (node.tag() != '{') {
        // a bare number, as many clients outside Java send it
        if (!is_scalar(node) || node.tag() == 't' || node.tag() == 'f') return expected(path, "object");
        const auto text = scalar_text(node);
        if (!text || !parse_integer<std::int32_t>(trim(*text))) return expected(path, "object");
        port.number = narrow(lenient_integer(node));
        return port;
    }
    port.number = 0;
    FLT_CHECK(each_member(node, [&](std::string_view key, const Node& value) -> Result<void> {
        if (!is_scalar(value)) return expected(std::string(path) + "." + std::string(key), "scalar");
        if (key == "$") {
            port.number = narrow(lenient_integer(value));
        } else if (key == "@enabled") {
            if (!value.is_null()) port.enabled = lenient_bool(value);
        } else {
            return fail(Errc::malformed, std::string(path) + ": unknown member \"" + std::string(key) + "\"");
        }
        return {};
    }));
    return port;
}

Result<Metadata> read_metadata(const Node& node, std::string_view path) {
    Metadata metadata;
    if (node.is_null()) return metadata;
    if (node.tag() != '{') return expected(path, "object");
    FLT_CHECK(each_member(node, [&](std::string_view key, const Node& value) -> Result<void> {
        if (key == "@class" || !is_scalar(value)) return {};
        metadata.insert_or_assign(std::string(key), scalar_text(value).value_or("null"));
        return {};
    }));
    return metadata;
}

Result<DataCenterInfo> read_data_center(const Node& node) {
    if (node.tag() != '{') return expected("instance.dataCenterInfo", "object");
    DataCenterInfo info{.name = DataCenter::unnamed};
    bool amazon = false;
    bool with_class = false;
    FLT_CHECK(each_member(node, [&](std::string_view key, const Node& value) -> Result<void> {
        if (key == "@class") {
            const std::string name = scalar_text(value).value_or("");
            amazon = name == amazon_class;
            with_class = true;
            // The class that clients of MyDataCenterInfo name is an alias that originals read as well.
            if (!amazon && name != default_class && name != "com.netflix.appinfo.MyDataCenterInfo")
                return expected("instance.dataCenterInfo.@class", "a known class");
        } else if (key == "name") {
            if (value.is_null()) return {};
            const auto name = data_center_named(scalar_text(value).value_or(""));
            if (!name) return expected("instance.dataCenterInfo.name", "Netflix, Amazon or MyOwn");
            info.name = *name;
        } else if (key == "metadata") {
            FLT_TRY(info.metadata, read_metadata(value, "instance.dataCenterInfo.metadata"));
        } else {
            return fail(
                Errc::malformed, "instance.dataCenterInfo: unknown member \"" + std::string(key) + "\""
            );
        }
        return {};
    }));
    if (amazon) info.name = DataCenter::amazon;
    // Originals take this one and then cannot write their registry any more.
    if (with_class && !amazon && info.name == DataCenter::amazon)
        return expected("instance.dataCenterInfo.@class", "AmazonInfo for Amazon");
    return info;
}

Result<LeaseInfo> read_lease(const Node& node) {
    if (node.tag() != '{') return expected("instance.leaseInfo", "object");
    LeaseInfo lease;
    FLT_CHECK(each_member(node, [&](std::string_view key, const Node& value) -> Result<void> {
        if (!is_scalar(value)) return {};
        const std::int64_t number = lenient_integer(value);
        if (key == "renewalIntervalInSecs") {
            if (number > 0) lease.renewal_interval_in_secs = narrow(number);
        } else if (key == "durationInSecs") {
            if (number > 0) lease.duration_in_secs = narrow(number);
        } else if (key == "registrationTimestamp") {
            lease.registration_timestamp = number;
        } else if (key == "lastRenewalTimestamp") {
            lease.last_renewal_timestamp = number;
        } else if (key == "evictionTimestamp") {
            lease.eviction_timestamp = number;
        } else if (key == "serviceUpTimestamp") {
            lease.service_up_timestamp = number;
        }
        return {};
    }));
    return lease;
}

/// Reads the members one by one, in whatever order they come.
class InstanceReader {
public:
    Result<InstanceInfo> read(const Node& node) {
        if (node.tag() != '{') return expected("instance", "object");
        instance_.data_center_info.reset();
        FLT_CHECK(each_member(node, [this](std::string_view key, const Node& value) {
            return member(key, value);
        }));
        if (!has_app_) return expected("instance.app", "text");
        instance_.app = to_upper(instance_.app);
        if (instance_.app_group_name) instance_.app_group_name = to_upper(*instance_.app_group_name);
        take_id_from_metadata();
        return std::move(instance_);
    }

private:
    Result<void> member(std::string_view key, const Node& value) {
        if (!is_scalar(value)) return structured(key, value);
        if (value.is_null()) return {};
        for (const TextMember& known : text_members) {
            if (known.name != key) continue;
            instance_.*known.text = scalar_text(value).value_or("");
            return {};
        }
        for (const OptionalMember& known : optional_members) {
            if (known.name != key) continue;
            instance_.*known.text = scalar_text(value);
            return {};
        }
        return scalar(key, value);
    }

    Result<void> scalar(std::string_view key, const Node& value) {
        const std::string text = scalar_text(value).value_or("");
        if (key == "app") {
            instance_.app = text;
            has_app_ = true;
        } else if (key == "status") {
            instance_.status = parse_status(text).value_or(InstanceStatus::unknown);
        } else if (key == "overriddenStatus" || key == "overriddenstatus") {
            instance_.overridden_status = parse_status(text).value_or(InstanceStatus::unknown);
        } else if (key == "countryId") {
            instance_.country_id = narrow(lenient_integer(value));
        } else if (key == "isCoordinatingDiscoveryServer") {
            instance_.is_coordinating_discovery_server = lenient_bool(value);
        } else if (key == "lastUpdatedTimestamp") {
            instance_.last_updated_timestamp = lenient_integer(value);
        } else if (key == "lastDirtyTimestamp") {
            instance_.last_dirty_timestamp = lenient_integer(value);
        } else if (key == "actionType") {
            instance_.action_type = parse_action(text);
        } else {
            return structured(key, value);  // a bare port; a scalar where an object must be is an error
        }
        return {};
    }

    Result<void> structured(std::string_view key, const Node& value) {
        if (key == "port") {
            FLT_TRY(instance_.port, read_port(value, Port{7001, true}, "instance.port"));
        } else if (key == "securePort") {
            FLT_TRY(instance_.secure_port, read_port(value, Port{7002, false}, "instance.securePort"));
        } else if (key == "dataCenterInfo") {
            FLT_TRY(instance_.data_center_info, read_data_center(value));
        } else if (key == "leaseInfo") {
            FLT_TRY(instance_.lease_info, read_lease(value));
        } else if (key == "metadata") {
            FLT_TRY(instance_.metadata, read_metadata(value, "instance.metadata"));
        } else if (!is_scalar(value) && is_known_scalar(key)) {
            return expected("instance." + std::string(key), "scalar");
        }
        return {};  // unknown members are skipped, whatever they hold
    }

    static bool is_known_scalar(std::string_view key) noexcept {
        constexpr std::string_view others[] = {
            "app",
            "status",
            "overriddenStatus",
            "overriddenstatus",
            "countryId",
            "isCoordinatingDiscoveryServer",
            "lastUpdatedTimestamp",
            "lastDirtyTimestamp",
            "actionType"
        };
        return std::ranges::find(others, key) != std::end(others) ||
               std::ranges::find(text_members, key, &TextMember::name) != std::end(text_members) ||
               std::ranges::find(optional_members, key, &OptionalMember::name) != std::end(optional_members);
    }

    /// What Spring's server does for clients that have the id in their metadata only.
    void take_id_from_metadata() {
        if (!instance_.instance_id.empty()) return;
        const auto found = instance_.metadata.find("instanceId");
        if (found == instance_.metadata.end()) return;
        instance_.instance_id = found->second.starts_with(instance_.host_name)
                                    ? found->second
                                    : instance_.host_name + ":" + found->second;
    }

    InstanceInfo instance_;
    bool has_app_ = false;
};

Result<Application> read_application(const Node& node) {
    if (node.tag() != '{') return expected("application", "object");
    Application application;
    FLT_CHECK(each_member(node, [&](std::string_view key, const Node& value) -> Result<void> {
        if (key == "name") {
            application.name = to_upper(scalar_text(value).value_or(""));
        } else if (key == "instance") {
            return each_element(value, [&](const Node& element) -> Result<void> {
                FLT_TRY(auto instance, read_instance(element));
                application.instances.push_back(std::make_shared<const InstanceInfo>(std::move(instance)));
                return {};
            });
        }
        return {};
    }));
    return application;
}

Result<Applications> read_applications(const Node& node) {
    if (node.tag() != '{') return expected("applications", "object");
    Applications applications;
    FLT_CHECK(each_member(node, [&](std::string_view key, const Node& value) -> Result<void> {
        if (key == "versions__delta") {
            applications.version = lenient_integer(value);
        } else if (key == "apps__hashcode") {
            applications.hash_code = scalar_text(value).value_or("");
        } else if (key == "application") {
            return each_element(value, [&](const Node& element) -> Result<void> {
                FLT_TRY(Application application, read_application(element));
                std::string name = application.name;
                applications.by_name.insert_or_assign(std::move(name), std::move(application));
                return {};
            });
        }
        return {};
    }));
    return applications;
}

/// The one member of the root, which must have that name.
Result<Node> unwrap(const Node& root, std::string_view name) {
    const auto wrong = [&] { return expected("document", "one member \"" + std::string(name) + "\""); };
    if (root.tag() != '{' || root.first().at_end()) return wrong();
    const Node key = root.first();
    const Node value = key.next();
    if (key.text() != name || !value.next().at_end()) return wrong();
    return value;
}

template <class Read>
auto read_document(
    std::string_view text, const reflect::Limits& limits, std::string_view root_name, Read&& read
) -> decltype(read(std::declval<const Node&>())) {
    FLT_TRY(
        const auto document,
        reflect::parse_json_document(text, limits, reflect::Leniency{.ignore_trailing_text = true})
    );
    FLT_TRY(const Node node, unwrap(document.root(), root_name));
    return read(node);
}

}  // namespace

std::optional<std::string> scalar_text(const Node& node) {
    if (!is_scalar(node) || node.is_null()) return std::nullopt;
    reflect::Reader reader{reflect::Leniency{}};
    std::string text;
    if (!reader.string(node, text)) return std::nullopt;
    return text;
}

std::int64_t lenient_integer(const Node& node) {
    switch (node.tag()) {
        case 'l':
            return node.int64();
        case 'u':
            return std::numeric_limits<std::int64_t>::max();
        case 'd':
            return cut(node.number());
        case 't':
            return 1;
        default:
            break;
    }
    if (!node.is_text()) return 0;
    const std::string_view text = trim(node.text());
    if (const auto whole = parse_integer<std::int64_t>(text)) return *whole;
    return cut(parse_double(text).value_or(0));
}

Result<InstanceInfo> read_instance(const Node& node) {
    return InstanceReader().read(node);
}

Result<InstanceInfo> instance_from_json(std::string_view text, const reflect::Limits& limits) {
    return read_document(text, limits, "instance", read_instance);
}

Result<Application> application_from_json(std::string_view text, const reflect::Limits& limits) {
    return read_document(text, limits, "application", read_application);
}

Result<Applications> applications_from_json(std::string_view text, const reflect::Limits& limits) {
    return read_document(text, limits, "applications", read_applications);
}

}  // namespace flotilla::eureka::detail
