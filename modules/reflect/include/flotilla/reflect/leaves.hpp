#pragma once
/// Flat views of structured text: every value with its path, kind and place, as configuration needs them.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/options.hpp"
#include "flotilla/reflect/reader.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::reflect {

/// One value of a document.
struct Leaf {
    std::string key;    ///< `a.b[0].c`
    std::string value;  ///< text; booleans are `true` or `false`, integers decimal, other numbers as written
    JsonKind kind = JsonKind::string;  ///< `null`, and `array` or `object` for empty ones, have an empty text
    std::size_t line = 0;              ///< of the value, from 1
    std::size_t column = 0;
};

/// The value of a leaf with its kind.
Json leaf_value(const Leaf& leaf);

/// Every document of a YAML text.
Result<std::vector<std::vector<Leaf>>> yaml_leaves(std::string_view text, const Limits& limits = {});
/// Every document (separated by a line `#---` or `!---`) of a text in Java's .properties format, in UTF-8;
/// all values are strings.
Result<std::vector<std::vector<Leaf>>> properties_leaves(std::string_view text, const Limits& limits = {});
/// The leaves of a value that is built already; line and column are 0.
std::vector<Leaf> value_leaves(const Json& value);

/// Builds nested values from paths such as `a.b[0].c`. A later value replaces an earlier one of the same
/// path; where a path has a value and also children, the children count. Lists are in the order of their
/// indexes; holes close.
class PropertyTree {
public:
    PropertyTree();
    ~PropertyTree();
    PropertyTree(PropertyTree&&) noexcept;
    PropertyTree& operator=(PropertyTree&&) noexcept;

    /// A path deeper than `depth` steps is refused.
    [[nodiscard]] bool put(std::string_view path, Json value, std::size_t depth = 64);
    /// A second value of the same path makes a list.
    [[nodiscard]] bool add(std::string_view path, Json value, std::size_t depth = 64);

    /// By explicit steps: a name is a name even if it looks like an index or has dots.
    void put(const std::vector<ReadError::Step>& steps, Json value);

    [[nodiscard]] Json build() const;

private:
    struct Branch;
    Branch* descend(std::string_view path, std::size_t depth);

    std::unique_ptr<Branch> root_;
};

}  // namespace flotilla::reflect
