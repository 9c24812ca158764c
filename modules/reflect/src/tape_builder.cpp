#include "tape_builder.hpp"

#include <memory>
#include <unordered_map>
#include <utility>

#include "yaml_scalar.hpp"

namespace flotilla::reflect {

namespace detail {

void TapeBuilder::value(const Json& json) {
    switch (json.kind()) {
        case JsonKind::null:
            null();
            return;
        case JsonKind::boolean:
            boolean(*json.as_bool());
            return;
        case JsonKind::integer:
            integer(*json.as_int64());
            return;
        case JsonKind::unsigned_integer:
            unsigned_integer(*json.as_uint64());
            return;
        case JsonKind::number:
            number(*json.as_double());
            return;
        case JsonKind::string:
            string(*json.as_string());
            return;
        case JsonKind::array: {
            const std::size_t begun = begin('[');
            for (const Json& element : json.elements()) value(element);
            end(begun, json.size());
            return;
        }
        case JsonKind::object: {
            const std::size_t begun = begin('{');
            for (const Json::Member& member : json.members()) {
                string(member.key);
                value(member.value);
            }
            end(begun, json.size());
            return;
        }
    }
}

Document TapeBuilder::finish() && {
    struct Owner {
        std::vector<std::uint64_t> words;
        std::string strings;
    };

    auto owner = std::make_unique<Owner>(std::move(words_), std::move(strings_));
    const Node root(owner->words.data(), owner->strings.data(), 1);
    return {root, owner.release(), [](void* self) noexcept { delete static_cast<Owner*>(self); }};
}

Json json_of(const Node& node) {
    switch (node.tag()) {
        case 't':
            return Json(true);
        case 'f':
            return Json(false);
        case 'l':
            return Json(node.int64());
        case 'u':
            return Json(node.uint64());
        case 'd':
            return Json(node.number());
        case '"':
            return Json(node.text());
        case 'p':
            return yaml_scalar(node.text());
        case '[': {
            Json::Array elements;
            elements.reserve(node.size());
            for (Node n = node.first(); !n.at_end(); n = n.next()) elements.push_back(json_of(n));
            return Json(std::move(elements));
        }
        case '{': {
            // Of members with the same name the last one counts; a set of names keeps large objects linear.
            Json::Object members;
            members.reserve(node.size());
            std::unordered_map<std::string_view, std::size_t> places;
            const bool large = node.size() > 16;
            for (Node key = node.first(); !key.at_end(); key = key.next().next()) {
                const std::string_view name = key.text();
                std::size_t at = members.size();
                if (large) {
                    at = places.try_emplace(name, at).first->second;
                } else {
                    for (std::size_t i = 0; i < members.size(); ++i) {
                        if (members[i].key == name) at = i;
                    }
                }
                if (at == members.size()) members.emplace_back(Json::Member{std::string(name), Json()});
                members[at].value = json_of(key.next());
            }
            return Json(std::move(members));
        }
        default:
            return Json();
    }
}

}  // namespace detail

Document document_of(const Json& value) {
    detail::TapeBuilder builder;
    builder.value(value);
    return std::move(builder).finish();
}

}  // namespace flotilla::reflect
