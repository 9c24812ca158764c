#include "flotilla/eureka/replication.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "flotilla/reflect/print.hpp"
#include "flotilla/reflect/tape.hpp"
#include "json_reader.hpp"
#include "json_writer.hpp"

namespace flotilla::eureka {

namespace {

using reflect::Node;
namespace print = reflect::print;

constexpr std::array<std::string_view, 5> action_names{
    "Register", "Heartbeat", "Cancel", "StatusUpdate", "DeleteStatusOverride"
};

void append_member(std::string& out, std::string_view key, std::string_view value) {
    if (out.back() != '{') out.push_back(',');
    print::string(out, key);
    out.push_back(':');
    print::string(out, value);
}

void append_item(std::string& out, const ReplicationItem& item) {
    out.push_back('{');
    append_member(out, "appName", item.app_name);
    append_member(out, "id", item.id);
    if (item.last_dirty_timestamp) {
        out += R"(,"lastDirtyTimestamp":)";
        print::integer(out, *item.last_dirty_timestamp);
    }
    if (item.overridden_status) append_member(out, "overriddenStatus", *item.overridden_status);
    if (item.status) append_member(out, "status", *item.status);
    if (item.instance_info) {
        out += R"(,"instanceInfo":)";
        append_bare_json(out, *item.instance_info);
    }
    if (item.action) append_member(out, "action", to_text(*item.action));
    out.push_back('}');
}

std::unexpected<Error> wrong(std::string_view what) {
    return fail(Errc::malformed, std::string(what));
}

Result<InstancePtr> shared_instance(const Node& value) {
    FLT_TRY(auto instance, detail::read_instance(value));
    return std::make_shared<const InstanceInfo>(std::move(instance));
}

/// The array that is the one member of the root.
Result<Node> list_of(const Node& root, std::string_view name) {
    if (root.tag() != '{' || root.first().at_end()) return wrong("expected an object");
    const Node key = root.first();
    const Node value = key.next();
    if (key.text() != name || value.tag() != '[' || !value.next().at_end())
        return wrong("expected one array \"" + std::string(name) + "\"");
    return value;
}

Result<ReplicationItem> read_item(const Node& node) {
    if (node.tag() != '{') return wrong("replicationList: expected objects");
    ReplicationItem item;
    for (Node key = node.first(); !key.at_end();) {
        const Node value = key.next();
        const std::string_view name = key.text();
        key = value.next();
        if (name == "appName") {
            item.app_name = detail::scalar_text(value).value_or("");
        } else if (name == "id") {
            item.id = detail::scalar_text(value).value_or("");
        } else if (name == "lastDirtyTimestamp") {
            if (!value.is_null()) item.last_dirty_timestamp = detail::lenient_integer(value);
        } else if (name == "overriddenStatus") {
            item.overridden_status = detail::scalar_text(value);
        } else if (name == "status") {
            item.status = detail::scalar_text(value);
        } else if (name == "instanceInfo") {
            if (!value.is_null()) {
                FLT_TRY(item.instance_info, shared_instance(value));
            }
        } else if (name == "action") {
            if (value.is_null()) continue;
            const auto found = std::ranges::find(action_names, detail::scalar_text(value).value_or(""));
            if (found == action_names.end()) return wrong("replicationList: unknown action");
            item.action = static_cast<ReplicationAction>(found - action_names.begin());
        } else {
            return wrong("replicationList: unknown member \"" + std::string(name) + "\"");
        }
    }
    return item;
}

Result<ReplicationAnswer> read_answer(const Node& node) {
    if (node.tag() != '{') return wrong("responseList: expected objects");
    ReplicationAnswer answer;
    for (Node key = node.first(); !key.at_end();) {
        const Node value = key.next();
        const std::string_view name = key.text();
        key = value.next();
        if (name == "statusCode") {
            answer.status_code =
                static_cast<int>(std::clamp<std::int64_t>(detail::lenient_integer(value), 0, 999));
        } else if (name == "responseEntity" && value.tag() == '{') {
            FLT_TRY(answer.response_entity, shared_instance(value));
        }
    }
    return answer;
}

template <class T, class Read>
Result<std::vector<T>> read_list(
    std::string_view text, const reflect::Limits& limits, std::string_view name, Read&& read
) {
    FLT_TRY(
        const auto document,
        reflect::parse_json_document(text, limits, reflect::Leniency{.ignore_trailing_text = true})
    );
    FLT_TRY(const Node list, list_of(document.root(), name));
    std::vector<T> all;
    for (Node element = list.first(); !element.at_end(); element = element.next()) {
        FLT_TRY(T one, read(element));
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace

std::string_view to_text(ReplicationAction action) noexcept {
    return action_names[static_cast<std::size_t>(action)];
}

std::string encode_replication(const std::vector<ReplicationItem>& items) {
    std::string out = R"({"replicationList":[)";
    for (const ReplicationItem& item : items) {
        if (&item != &items.front()) out.push_back(',');
        append_item(out, item);
    }
    out += "]}";
    return out;
}

Result<std::vector<ReplicationItem>> decode_replication(
    std::string_view text, const reflect::Limits& limits
) {
    return read_list<ReplicationItem>(text, limits, "replicationList", read_item);
}

std::string encode_replication_answers(const std::vector<ReplicationAnswer>& answers) {
    std::string out = R"({"responseList":[)";
    for (const ReplicationAnswer& answer : answers) {
        if (&answer != &answers.front()) out.push_back(',');
        out += R"({"statusCode":)";
        print::integer(out, answer.status_code);
        if (answer.response_entity) {
            out += R"(,"responseEntity":)";
            append_bare_json(out, *answer.response_entity);
        }
        out.push_back('}');
    }
    out += "]}";
    return out;
}

Result<std::vector<ReplicationAnswer>> decode_replication_answers(
    std::string_view text, const reflect::Limits& limits
) {
    return read_list<ReplicationAnswer>(text, limits, "responseList", read_answer);
}

}  // namespace flotilla::eureka
