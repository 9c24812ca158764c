#pragma once
// Types as schemas, those of structs once, under names of their own.

#include <map>
#include <set>
#include <string>
#include <typeindex>
#include <vector>

#include "flotilla/openapi/document.hpp"
#include "flotilla/reflect/type_info.hpp"

namespace flotilla::openapi {

/// Collects the structs that a document speaks of.
class Schemas {
public:
    explicit Schemas(Version version) : version_(version) {}

    /// Structs in there are read from requests: which of their fields must come follows from their rules.
    /// Those of other structs always come.
    void mark_as_input(const reflect::TypeInfo& type);

    /// A schema, or the reference to one.
    reflect::Json schema_of(const reflect::TypeInfo& type);
    /// The same with what was said about a field.
    reflect::Json schema_of(const reflect::TypeInfo& type, const reflect::FieldOptions& options);

    /// Adds one that no struct stands for, and refers to it.
    reflect::Json refer_to(const std::string& name, const reflect::Json& schema);

    /// `components/schemas`, in the order of their first mention.
    [[nodiscard]] const reflect::Json& components() const noexcept { return components_; }

private:
    const std::string& name_of(const reflect::TypeInfo& type);
    reflect::Json object_of(const reflect::TypeInfo& type);
    void apply(const reflect::Rule& rule, const reflect::TypeInfo& type, reflect::Json& schema) const;
    void allow_null(reflect::Json& schema) const;

    Version version_;
    std::set<std::type_index> inputs_;
    std::map<std::type_index, std::string> names_;
    std::set<std::string> taken_;
    reflect::Json components_ = reflect::Json::object();
};

/// `Page<shop::OrderOut>` as `PageOrderOut`.
std::string component_name(const std::type_info& type);

}  // namespace flotilla::openapi
