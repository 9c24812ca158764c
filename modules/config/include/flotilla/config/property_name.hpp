#pragma once
/// Names of properties and Spring's relaxed idea of when two are the same.

#include <string>
#include <string_view>
#include <vector>

namespace flotilla::config {

/// What two spellings of one property have in common: lower case, no dashes or underscores, brackets as they
/// are. `order.max-items`, `order.maxItems`, `order.max_items` and `ORDER.MAXITEMS` are all `order.maxitems`.
std::string uniform_name(std::string_view name);

/// The canonical form for people: `order.maxItems` is `order.max-items`.
std::string canonical_name(std::string_view name);

/// The environment variables that may stand for a property, best first: `order.items[0].max-qty` is
/// `ORDER_ITEMS_0_MAXQTY`, or `ORDER_ITEMS_0_MAX_QTY`.
std::vector<std::string> environment_names(std::string_view name);

/// One step of a path: `items`, or `0` in brackets.
struct NameStep {
    std::string_view text;
    bool bracketed = false;
};

/// `a.b[0].c` as a, b, [0], c. A bracket that does not close is part of a name.
std::vector<NameStep> split_name(std::string_view name);

}  // namespace flotilla::config
