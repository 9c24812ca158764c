#include "schemas.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/validate.hpp"

namespace flotilla::openapi {

namespace {

using reflect::FieldOptions;
using reflect::Json;
using reflect::Rule;
using reflect::RuleKind;
using reflect::TypeInfo;
using Kind = TypeInfo::Kind;

constexpr std::int64_t no_most = std::numeric_limits<std::int32_t>::max();

Json text_schema(const char* format) {
    return Json::object({{"type", "string"}, {"format", format}});
}

Json integer_schema(const TypeInfo& type) {
    const bool wide = type.bytes > 4 || (type.bytes == 4 && !type.is_signed);
    Json schema = Json::object({{"type", "integer"}, {"format", wide ? "int64" : "int32"}});
    if (!type.is_signed) schema.set("minimum", 0);
    return schema;
}

Json enum_schema(const TypeInfo& type) {
    Json texts = Json::array();
    for (const auto& text : type.texts) texts.push_back(text.outside);
    return Json::object({{"type", "string"}, {"enum", std::move(texts)}});
}

/// What a rule is about, read from the JSON of a value.
reflect::detail::Subject subject_of(const Json* value) {
    using Subject = reflect::detail::Subject;
    Subject subject;
    subject.present = value != nullptr && !value->is_null();
    if (!subject.present) return subject;
    if (const std::string* text = value->as_string()) {
        subject.kind = Subject::Kind::text;
        subject.text = *text;
    } else if (value->is_array() || value->is_object()) {
        subject.kind = Subject::Kind::list;
        subject.integer = static_cast<std::int64_t>(value->size());
    } else if (const auto integer = value->as_int64()) {
        subject.kind = Subject::Kind::integer;
        subject.integer = *integer;
    } else if (const auto number = value->as_double()) {
        subject.kind = Subject::Kind::number;
        subject.number = *number;
    }
    return subject;
}

/// A request must have the field when what stands in its place otherwise breaks a rule.
bool must_come(const TypeInfo::Field& field, const Json& initial) {
    const Json* value = initial.find(field.outside);
    const reflect::detail::Subject subject = subject_of(value);
    for (std::size_t i = 0; i < field.options->rule_count; ++i) {
        const Rule& rule = field.options->rules[i];
        // Checks take the field itself; bounds with a unit have no JSON number.
        if (rule.kind == RuleKind::check || rule.unit != reflect::RuleUnit::none) continue;
        if (!reflect::detail::holds(rule, subject)) return true;
    }
    // A struct comes when something in it must.
    const TypeInfo& type = field.type();
    return type.kind == Kind::object && value && !value->is_null() &&
           std::ranges::any_of(type.fields, [&](const auto& inner) { return must_come(inner, *value); });
}

bool is_scalar(Kind kind) noexcept {
    return kind == Kind::boolean || kind == Kind::integer || kind == Kind::number || kind == Kind::text ||
           kind == Kind::enumeration;
}

/// The whole text has to match, not a part of it.
std::string anchored(std::string_view pattern) {
    if (pattern.starts_with('^') && pattern.ends_with('$')) return std::string(pattern);
    return "^(?:" + std::string(pattern) + ")$";
}

const char* least_key(Kind kind) noexcept {
    return kind == Kind::list ? "minItems" : kind == Kind::map ? "minProperties" : "minLength";
}

const char* most_key(Kind kind) noexcept {
    return kind == Kind::list ? "maxItems" : kind == Kind::map ? "maxProperties" : "maxLength";
}

}  // namespace

std::string component_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free
    );
    const std::string full =
        replace_all(status == 0 ? text.get() : type.name(), "(anonymous namespace)::", "");
    std::string name;
    std::string word;
    for (std::size_t i = 0; i <= full.size(); ++i) {
        const char c = i < full.size() ? full[i] : ' ';
        if (is_ascii_alpha(c) || is_ascii_digit(c) || c == '_') {
            word += c;
            continue;
        }
        if (c != ':') name += word;  // what comes before is a namespace
        word.clear();
    }
    return name;
}

void Schemas::mark_as_input(const TypeInfo& type) {
    for (const TypeInfo::Ref alternative : type.alternatives) mark_as_input(alternative());
    if (type.element) mark_as_input(type.element());
    if (type.kind != Kind::object || !inputs_.insert(*type.type).second) return;
    for (const TypeInfo::Field& field : type.fields) mark_as_input(field.type());
}

const std::string& Schemas::name_of(const TypeInfo& type) {
    std::string& name = names_[*type.type];
    if (name.empty()) {
        const std::string simple = component_name(*type.type);
        name = simple;
        for (int n = 2; !taken_.insert(name).second; ++n) name = simple + "_" + std::to_string(n);
    }
    return name;
}

Json Schemas::refer_to(const std::string& name, const Json& schema) {
    if (!components_.contains(name)) {
        taken_.insert(name);
        components_.set(name, schema);
    }
    return Json::object({{"$ref", "#/components/schemas/" + name}});
}

Json Schemas::schema_of(const TypeInfo& type) {
    switch (type.kind) {
        case Kind::any:
            return Json::object();
        case Kind::nothing:
            return version_ == Version::openapi_3_1 ? Json::object({{"type", "null"}})
                                                    : Json::object({{"nullable", true}});
        case Kind::boolean:
            return Json::object({{"type", "boolean"}});
        case Kind::integer:
            return integer_schema(type);
        case Kind::number:
            return Json::object({{"type", "number"}, {"format", type.bytes == 4 ? "float" : "double"}});
        case Kind::text:
        case Kind::size:
            return Json::object({{"type", "string"}});
        case Kind::date_time:
            return text_schema("date-time");
        case Kind::duration:
            return text_schema("duration");
        case Kind::secret:
            return text_schema("password");
        case Kind::enumeration:
            return enum_schema(type);
        case Kind::list:
            return Json::object({{"type", "array"}, {"items", schema_of(type.element())}});
        case Kind::map:
            return Json::object({{"type", "object"}, {"additionalProperties", schema_of(type.element())}});
        case Kind::one_of: {
            Json schemas = Json::array();
            for (const TypeInfo::Ref alternative : type.alternatives)
                schemas.push_back(schema_of(alternative()));
            return Json::object({{"oneOf", std::move(schemas)}});
        }
        case Kind::object:
            break;
    }
    const std::string name = name_of(type);
    if (!components_.contains(name)) {
        components_.set(name, Json());  // a struct within itself ends here
        Json object = object_of(type);
        components_[name] = std::move(object);
    }
    return Json::object({{"$ref", "#/components/schemas/" + name}});
}

Json Schemas::object_of(const TypeInfo& type) {
    const bool input = inputs_.contains(*type.type);
    const Json initial = type.initial ? type.initial() : Json::object();
    Json required = Json::array();
    Json properties = Json::object();
    for (const TypeInfo::Field& field : type.fields) {
        const TypeInfo& of = field.type();
        Json schema = schema_of(of, *field.options);
        if (input) {
            const Json* value = initial.find(field.outside);
            if (must_come(field, initial)) {
                required.push_back(field.outside);
            } else if (value && is_scalar(of.kind) && value->string_or("x") != "") {
                schema.set("default", *value);
            }
        } else if ((!of.optional || field.options->or_null) && !field.options->omit_empty) {
            required.push_back(field.outside);
        }
        properties.set(std::string(field.outside), std::move(schema));
    }
    Json object = Json::object();
    if (!required.empty()) object.set("required", std::move(required));
    object.set("type", "object");
    object.set("properties", std::move(properties));
    return object;
}

Json Schemas::schema_of(const TypeInfo& type, const FieldOptions& options) {
    Json schema = schema_of(type);
    for (std::size_t i = 0; i < options.rule_count; ++i) apply(options.rules[i], type, schema);
    // Beside a reference nothing else counts.
    if (schema.contains("$ref") && (!options.doc.empty() || options.or_null))
        schema = Json::object({{"allOf", Json::array({schema})}});
    if (!options.doc.empty()) schema.set("description", options.doc);
    if (options.or_null) allow_null(schema);
    return schema;
}

void Schemas::allow_null(Json& schema) const {
    if (version_ == Version::openapi_3_0) {
        schema.set("nullable", true);
        return;
    }
    const Json* type = schema.find("type");
    if (type) {
        schema.set("type", Json::array({*type, "null"}));
    } else {
        schema = Json::object({{"oneOf", Json::array({schema, Json::object({{"type", "null"}})})}});
    }
}

void Schemas::apply(const Rule& rule, const TypeInfo& type, Json& schema) const {
    const bool number = type.kind == Kind::integer || type.kind == Kind::number;
    const bool sized = type.kind == Kind::text || type.kind == Kind::secret || type.kind == Kind::list ||
                       type.kind == Kind::map;
    switch (rule.kind) {
        case RuleKind::not_empty:
        case RuleKind::not_blank:
            if (sized && !schema.contains(least_key(type.kind))) schema.set(least_key(type.kind), 1);
            return;
        case RuleKind::size:
            if (!sized) return;
            if (rule.integer > 0 || !schema.contains(least_key(type.kind)))
                schema.set(least_key(type.kind), rule.integer);
            if (rule.upper < no_most) schema.set(most_key(type.kind), rule.upper);
            return;
        case RuleKind::min:
        case RuleKind::max:
            if (!number || rule.unit != reflect::RuleUnit::none) return;
            schema.set(
                rule.kind == RuleKind::min ? "minimum" : "maximum",
                rule.integral ? Json(rule.integer) : Json(rule.number)
            );
            return;
        case RuleKind::positive:
            if (type.kind == Kind::integer) {
                schema.set("minimum", 1);
            } else if (number && version_ == Version::openapi_3_1) {
                schema.set("exclusiveMinimum", 0);
            } else if (number) {
                schema.set("minimum", 0).set("exclusiveMinimum", true);
            }
            return;
        case RuleKind::positive_or_zero:
            if (number) schema.set("minimum", 0);
            return;
        case RuleKind::pattern:
            schema.set("pattern", anchored(rule.text));
            return;
        case RuleKind::email:
            schema.set("format", "email");
            return;
        case RuleKind::not_null:
        case RuleKind::check:
            return;
    }
}

}  // namespace flotilla::openapi
