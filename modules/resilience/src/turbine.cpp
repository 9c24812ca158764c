#include "flotilla/resilience/turbine.hpp"

#include <algorithm>
#include <chrono>

#include "flotilla/base/text.hpp"

namespace flotilla::resilience {

namespace {

using reflect::Json;
using reflect::JsonKind;
using namespace std::chrono_literals;

constexpr Duration silence = 10s;

/// The value as a key of a count.
std::string text_of(const Json& value) {
    if (const std::string* text = value.as_string()) return *text;
    return value.text();
}

Json merge(const std::vector<const Json*>& values);

Json merge_objects(const std::vector<const Json*>& objects) {
    Json merged = Json::object();
    for (const Json* object : objects) {
        for (const Json::Member& member : object->members()) {
            if (member.key == "currentTime" || merged.contains(member.key)) continue;
            std::vector<const Json*> values;
            for (const Json* other : objects) {
                if (const Json* value = other->find(member.key)) values.push_back(value);
            }
            merged.set(member.key, merge(values));
        }
    }
    return merged;
}

Json merge(const std::vector<const Json*>& values) {
    const auto all = [&](auto is) { return std::all_of(values.begin(), values.end(), is); };
    if (all([](const Json* value) { return value->is_object(); })) return merge_objects(values);
    if (all([](const Json* value) { return value->is_integer(); })) {
        std::int64_t sum = 0;
        for (const Json* value : values) sum += value->as_int64().value_or(0);
        return sum;
    }
    if (all([&](const Json* value) { return *value == *values.front(); })) {
        return values.front()->is_null() ? Json("null") : *values.front();
    }
    Json counts = Json::object();
    for (const Json* value : values) {
        Json& count = counts[std::string_view(text_of(*value))];
        count = count.as_int64().value_or(0) + 1;
    }
    return counts.text();
}

}  // namespace

void TurbineAggregate::update(std::string_view source, const Json& document, TimePoint now) {
    const std::string* const type = document["type"].as_string();
    const std::string* const name = document["name"].as_string();
    if (!type || !name) return;
    documents_[{*type, *name}].insert_or_assign(std::string(source), Latest{document, now});
}

void TurbineAggregate::forget(std::string_view source) {
    for (auto it = documents_.begin(); it != documents_.end();) {
        if (const auto found = it->second.find(source); found != it->second.end()) it->second.erase(found);
        it = it->second.empty() ? documents_.erase(it) : std::next(it);
    }
}

std::vector<Json> TurbineAggregate::merged(TimePoint now) const {
    std::vector<Json> merged;
    for (const auto& [key, sources] : documents_) {
        std::vector<const Json*> fresh;
        for (const auto& [source, latest] : sources) {
            if (now - latest.at < silence) fresh.push_back(&latest.document);
        }
        if (!fresh.empty()) merged.push_back(merge_objects(fresh));
    }
    return merged;
}

Json TurbineAggregate::meta(TimePoint now, WallTime wall) const {
    std::map<std::string_view, bool> hosts;
    for (const auto& [key, sources] : documents_) {
        for (const auto& [source, latest] : sources) {
            if (now - latest.at < silence) hosts[source] = true;
        }
    }
    const auto timestamp = std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch());
    return Json::object({
        {"reportingHostsLast10Seconds", hosts.size()},
        {"name", "meta"},
        {"type", "meta"},
        {"timestamp", timestamp.count()},
    });
}

std::vector<std::string> DataLines::feed(std::string_view bytes) {
    std::vector<std::string> found;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        rest_.append(bytes.substr(0, end));
        if (end == bytes.npos) {
            if (rest_.size() > longest_line) rest_.clear();
            break;
        }
        bytes.remove_prefix(end + 1);
        std::string_view line = rest_;
        if (line.starts_with("data:")) {
            line = trim(line.substr(5));
            if (!line.empty()) found.emplace_back(line);
        }
        rest_.clear();
    }
    return found;
}

}  // namespace flotilla::resilience
