#include "flotilla/sql/rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::sql {

namespace {

bool same_name(std::string_view a, std::string_view b) noexcept {
    std::size_t i = 0;
    std::size_t j = 0;
    for (;; ++i, ++j) {
        while (i < a.size() && a[i] == '_') ++i;
        while (j < b.size() && b[j] == '_') ++j;
        if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
        if (ascii_lower(a[i]) != ascii_lower(b[j])) return false;
    }
}

}  // namespace

std::optional<std::size_t> Rows::column(std::string_view name) const {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const std::string& column) {
        return same_name(column, name);
    });
    if (found == columns.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns.begin());
}

namespace detail {

Error missing_column(std::string_view field) {
    return {make_error_code(SqlErrc::wrong_shape), fmt::format("the result has no column for {}", field)};
}

Error misfit(std::string_view column, const Value& value) {
    return {
        make_error_code(SqlErrc::wrong_shape),
        fmt::format("column {}: {} does not fit the field", column, kind_of(value))
    };
}

Error wrong_number_of_columns(std::size_t got) {
    return {
        make_error_code(SqlErrc::wrong_shape), fmt::format("expected one column, the result has {}", got)
    };
}

}  // namespace detail

}  // namespace flotilla::sql
