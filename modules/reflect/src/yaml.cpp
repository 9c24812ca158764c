#include "flotilla/reflect/yaml.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/print.hpp"
#include "tape_builder.hpp"
#include "yaml_scalar.hpp"
#include "yaml_tree.hpp"

namespace flotilla::reflect {

namespace {

using detail::YamlNode;

void append_tape(detail::TapeBuilder& tape, const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::null:
            tape.null();
            return;
        case YamlNode::Kind::quoted:
            tape.string(node.text);
            return;
        case YamlNode::Kind::plain:
            // What is plainly nothing must be nothing also to readers that do not look into plain text.
            if (detail::yaml_scalar(node.text).is_null()) {
                tape.null();
            } else {
                tape.plain(node.text);
            }
            return;
        case YamlNode::Kind::sequence: {
            const std::size_t begun = tape.begin('[');
            for (const YamlNode& item : node.items) append_tape(tape, item);
            tape.end(begun, node.items.size());
            return;
        }
        case YamlNode::Kind::map: {
            const std::size_t begun = tape.begin('{');
            for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
                tape.string(node.items[i].text);
                append_tape(tape, node.items[i + 1]);
            }
            tape.end(begun, node.items.size() / 2);
            return;
        }
    }
}

/// Spring's rule: a key that is no text (a number, a boolean) or begins with a bracket is an index.
std::string joined(const std::string& path, const YamlNode& key) {
    if (key.kind != YamlNode::Kind::quoted && !detail::yaml_scalar(key.text).is_string()) {
        return fmt::format("{}[{}]", path, key.text);
    }
    if (path.empty() || key.text.starts_with('[')) return path + key.text;
    return path + "." + key.text;
}

Leaf scalar_leaf(std::string key, const YamlNode& node) {
    Leaf leaf{
        .key = std::move(key),
        .value = node.text,
        .kind = JsonKind::string,
        .line = node.line,
        .column = node.column
    };
    if (node.kind == YamlNode::Kind::quoted) return leaf;
    const Json value = node.kind == YamlNode::Kind::null ? Json() : detail::yaml_scalar(node.text);
    leaf.kind = value.kind();
    if (value.is_null()) leaf.value.clear();
    // Floating point keeps its text, so that a version 1.10 stays one; YAML's spellings of integers do not.
    if (value.is_integer() || value.is_bool()) leaf.value = value.text();
    return leaf;
}

void collect(std::vector<Leaf>& leaves, const std::string& path, const YamlNode& node) {
    const bool is_map = node.kind == YamlNode::Kind::map;
    if (!is_map && node.kind != YamlNode::Kind::sequence) {
        leaves.push_back(scalar_leaf(path, node));
    } else if (node.items.empty()) {
        if (path.empty()) return;
        leaves.push_back(
            {.key = path,
             .value = {},
             .kind = is_map ? JsonKind::object : JsonKind::array,
             .line = node.line,
             .column = node.column}
        );
    } else if (is_map) {
        for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
            collect(leaves, joined(path, node.items[i]), node.items[i + 1]);
        }
    } else {
        for (std::size_t i = 0; i < node.items.size(); ++i)
            collect(leaves, fmt::format("{}[{}]", path, i), node.items[i]);
    }
}

void collect(std::vector<Leaf>& leaves, const std::string& path, const Json& value) {
    const auto leaf = [&](std::string text) {
        leaves.push_back({.key = path, .value = std::move(text), .kind = value.kind()});
    };
    switch (value.kind()) {
        case JsonKind::null:
            leaf("");
            return;
        case JsonKind::string:
            leaf(*value.as_string());
            return;
        case JsonKind::array:
            if (value.empty()) leaf("");
            for (std::size_t i = 0; i < value.size(); ++i)
                collect(leaves, fmt::format("{}[{}]", path, i), value[i]);
            return;
        case JsonKind::object:
            if (value.empty() && !path.empty()) leaf("");
            for (const auto& [key, member] : value.members()) {
                const bool bare = path.empty() || key.starts_with('[');
                collect(leaves, bare ? path + key : fmt::format("{}.{}", path, key), member);
            }
            return;
        default:
            leaf(value.text());
            return;
    }
}

/// Whether a text can stand without quotes and still be read as that text by readers of YAML 1.1 and 1.2.
bool is_safe_plain(std::string_view text) {
    if (!detail::yaml_scalar(text).is_string()) return false;
    constexpr std::string_view indicators = "-?:,[]{}#&*!|>'\"%@`=.+~<";
    if (indicators.find(text.front()) != std::string_view::npos || is_ascii_digit(text.front())) return false;
    if (text == "y" || text == "n" || text == "Y" || text == "N") return false;
    if (trim(text).size() != text.size() || text.back() == ':') return false;
    if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F ||
            std::string_view(",[]{}").find(c) != std::string_view::npos) {
            return false;
        }
    }
    return true;
}

void append_scalar(std::string& out, const Json& value) {
    const std::string* text = value.as_string();
    if (text != nullptr && is_safe_plain(*text)) {
        out += *text;
    } else {
        // JSON's strings, numbers and empty brackets are YAML, but for one character that YAML wants escaped.
        out += replace_all(value.text(), "\x7F", "\\x7F");
    }
}

void append_block(std::string& out, const Json& value, std::size_t indent);

/// After a `-` or a `key:`.
void append_nested(std::string& out, const Json& value, std::size_t indent) {
    if (value.empty()) {
        out.push_back(' ');
        append_scalar(out, value);
        out.push_back('\n');
    } else {
        out.push_back('\n');
        append_block(out, value, indent);
    }
}

void append_block(std::string& out, const Json& value, std::size_t indent) {
    if (value.empty()) {
        append_scalar(out, value);
        out.push_back('\n');
        return;
    }
    for (const Json& element : value.elements()) {
        out.append(indent, ' ').push_back('-');
        append_nested(out, element, indent + 2);
    }
    for (const auto& [key, member] : value.members()) {
        out.append(indent, ' ');
        append_scalar(out, Json(key));
        out.push_back(':');
        append_nested(out, member, indent + 2);
    }
}

}  // namespace

Result<Document> parse_yaml_document(std::string_view text, const Limits& limits) {
    FLT_TRY(const auto documents, detail::parse_yaml_tree(text, limits));
    if (documents.size() > 1) return fail(Errc::malformed, "more than one document where one is expected");
    detail::TapeBuilder tape;
    append_tape(tape, documents.empty() ? YamlNode{} : documents.front());
    return std::move(tape).finish();
}

Result<std::vector<Json>> parse_yaml(std::string_view text, const Limits& limits) {
    FLT_TRY(const auto documents, detail::parse_yaml_tree(text, limits));
    std::vector<Json> values;
    for (const YamlNode& node : documents) {
        detail::TapeBuilder tape;
        append_tape(tape, node);
        values.push_back(detail::json_of(std::move(tape).finish().root()));
    }
    return values;
}

Result<std::vector<std::vector<Leaf>>> yaml_leaves(std::string_view text, const Limits& limits) {
    FLT_TRY(const auto documents, detail::parse_yaml_tree(text, limits));
    std::vector<std::vector<Leaf>> all;
    for (const YamlNode& node : documents) {
        std::vector<Leaf> leaves;
        if (node.kind == YamlNode::Kind::map || node.kind == YamlNode::Kind::sequence) {
            collect(leaves, {}, node);
        } else if (node.kind != YamlNode::Kind::null) {
            // Spring: a document that is only a text is the property `document`.
            leaves.push_back(scalar_leaf("document", node));
        }
        all.push_back(std::move(leaves));
    }
    return all;
}

std::vector<Leaf> value_leaves(const Json& value) {
    std::vector<Leaf> leaves;
    collect(leaves, {}, value);
    return leaves;
}

Json leaf_value(const Leaf& leaf) {
    switch (leaf.kind) {
        case JsonKind::null:
            return Json();
        case JsonKind::array:
            return Json::array();
        case JsonKind::object:
            return Json::object();
        case JsonKind::string:
            return Json(leaf.value);
        default:
            return detail::yaml_scalar(leaf.value);
    }
}

std::string to_yaml(const Json& value) {
    std::string out;
    append_block(out, value, 0);
    return out;
}

}  // namespace flotilla::reflect
