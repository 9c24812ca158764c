#include "flotilla/reflect/value.hpp"

#include <algorithm>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/reflect/print.hpp"

namespace flotilla::reflect {

namespace {

const Json& null_value() noexcept {
    static const Json null;
    return null;
}

void append_line(std::string& out, int indent, int level) {
    if (indent == 0) return;
    out.push_back('\n');
    out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(level), ' ');
}

void append(std::string& out, const Json& value, int indent, int level) {
    switch (value.kind()) {
        case JsonKind::null:
            out += "null";
            return;
        case JsonKind::boolean:
            out += *value.as_bool() ? "true" : "false";
            return;
        case JsonKind::integer:
            print::integer(out, *value.as_int64());
            return;
        case JsonKind::unsigned_integer:
            print::integer(out, *value.as_uint64());
            return;
        case JsonKind::number:
            print::number(out, *value.as_double());
            return;
        case JsonKind::string:
            print::string(out, *value.as_string());
            return;
        case JsonKind::array:
            out.push_back('[');
            for (bool first = true; const Json& element : value.elements()) {
                if (!std::exchange(first, false)) out.push_back(',');
                append_line(out, indent, level + 1);
                append(out, element, indent, level + 1);
            }
            if (!value.empty()) append_line(out, indent, level);
            out.push_back(']');
            return;
        case JsonKind::object:
            out.push_back('{');
            for (bool first = true; const Json::Member& member : value.members()) {
                if (!std::exchange(first, false)) out.push_back(',');
                append_line(out, indent, level + 1);
                print::string(out, member.key);
                out += indent > 0 ? ": " : ":";
                append(out, member.value, indent, level + 1);
            }
            if (!value.empty()) append_line(out, indent, level);
            out.push_back('}');
            return;
    }
}

}  // namespace

// Here and not in the class, where Member is not yet complete.
Json::Json() noexcept = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json::Json(Exactly, bool value) noexcept : value_(value) {}

Json::Json(Exactly, std::int64_t value) noexcept : value_(value) {}

Json::Json(Exactly, double value) noexcept : value_(value) {}

Json::Json(Exactly, std::uint64_t value) noexcept : value_(value) {
    // One kind for what fits both, so that equal numbers are equal.
    if (std::in_range<std::int64_t>(value)) value_ = static_cast<std::int64_t>(value);
}

Json::Json(std::string text) noexcept : value_(std::move(text)) {}

Json::Json(std::string_view text) : value_(std::string(text)) {}

Json::Json(const char* text) : value_(std::string(text)) {}

Json::Json(Array elements) noexcept : value_(std::move(elements)) {}

Json::Json(Object members) noexcept : value_(std::move(members)) {}

Json::Json(const std::vector<std::string>& texts) : value_(Array(texts.begin(), texts.end())) {}

Json Json::object(std::initializer_list<Member> members) {
    return Json(Object(members));
}

Json Json::array(std::initializer_list<Json> elements) {
    return Json(Array(elements));
}

std::optional<bool> Json::as_bool() const noexcept {
    if (const auto* value = std::get_if<bool>(&value_)) return *value;
    return std::nullopt;
}

std::optional<std::int64_t> Json::as_int64() const noexcept {
    if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
    return std::nullopt;
}

std::optional<std::uint64_t> Json::as_uint64() const noexcept {
    if (const auto* value = std::get_if<std::uint64_t>(&value_)) return *value;
    if (const auto* value = std::get_if<std::int64_t>(&value_); value != nullptr && *value >= 0) {
        return static_cast<std::uint64_t>(*value);
    }
    return std::nullopt;
}

std::optional<double> Json::as_double() const noexcept {
    if (const auto* value = std::get_if<double>(&value_)) return *value;
    if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
    if (const auto* value = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*value);
    return std::nullopt;
}

const std::string* Json::as_string() const noexcept {
    return std::get_if<std::string>(&value_);
}

std::string_view Json::string_or(std::string_view otherwise) const noexcept {
    const std::string* text = as_string();
    return text != nullptr ? std::string_view(*text) : otherwise;
}

const Json::Array& Json::elements() const noexcept {
    static const Array none;
    const auto* array = std::get_if<Array>(&value_);
    return array != nullptr ? *array : none;
}

const Json::Object& Json::members() const noexcept {
    static const Object none;
    const auto* object = std::get_if<Object>(&value_);
    return object != nullptr ? *object : none;
}

Json::Array& Json::elements() {
    if (is_null()) value_ = Array();
    FLT_ASSERT(is_array());
    return std::get<Array>(value_);
}

Json::Object& Json::members() {
    if (is_null()) value_ = Object();
    FLT_ASSERT(is_object());
    return std::get<Object>(value_);
}

std::size_t Json::size() const noexcept {
    if (const auto* array = std::get_if<Array>(&value_)) return array->size();
    if (const auto* object = std::get_if<Object>(&value_)) return object->size();
    return 0;
}

const Json* Json::find(std::string_view key) const noexcept {
    const auto* object = std::get_if<Object>(&value_);
    if (object == nullptr) return nullptr;
    const auto found = std::ranges::find(*object, key, &Member::key);
    return found == object->end() ? nullptr : &found->value;
}

Json* Json::find(std::string_view key) noexcept {
    auto* object = std::get_if<Object>(&value_);
    if (object == nullptr) return nullptr;
    const auto found = std::ranges::find(*object, key, &Member::key);
    return found == object->end() ? nullptr : &found->value;
}

const Json* Json::at_pointer(std::string_view pointer) const {
    const Json* at = this;
    if (pointer.empty()) return at;
    if (pointer.front() != '/') return nullptr;
    for (const std::string_view raw : split(pointer.substr(1), '/')) {
        if (at->is_array()) {
            const auto index = parse_integer<std::size_t>(raw);
            if (!index || *index >= at->size()) return nullptr;
            at = &at->elements()[*index];
        } else {
            at = at->find(replace_all(replace_all(std::string(raw), "~1", "/"), "~0", "~"));
            if (at == nullptr) return nullptr;
        }
    }
    return at;
}

Json& Json::operator[](std::string_view key) {
    if (Json* found = find(key)) return *found;
    return members().emplace_back(Member{std::string(key), Json()}).value;
}

const Json& Json::operator[](std::string_view key) const noexcept {
    const Json* found = find(key);
    return found != nullptr ? *found : null_value();
}

const Json& Json::element(std::size_t index) const noexcept {
    const Array& all = elements();
    return index < all.size() ? all[index] : null_value();
}

Json& Json::set(std::string key, Json value) {
    (*this)[std::string_view(key)] = std::move(value);
    return *this;
}

bool Json::erase(std::string_view key) {
    auto* object = std::get_if<Object>(&value_);
    return object != nullptr && std::erase_if(*object, [&](const Member& m) { return m.key == key; }) > 0;
}

Json& Json::push_back(Json element) {
    elements().push_back(std::move(element));
    return *this;
}

std::string Json::text(int indent) const {
    std::string out;
    append(out, *this, indent, 0);
    return out;
}

bool operator==(const Json& a, const Json& b) {
    if (!a.is_object() || !b.is_object()) return a.value_ == b.value_;
    if (a.size() != b.size()) return false;
    return std::ranges::all_of(a.members(), [&](const Json::Member& member) {
        const Json* other = b.find(member.key);
        return other != nullptr && *other == member.value;
    });
}

void append_json(std::string& out, const Json& value) {
    append(out, value, 0, 0);
}

}  // namespace flotilla::reflect
