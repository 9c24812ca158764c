#pragma once
/// What a statement gives back, and its rows as values of your own types.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/sql/value.hpp"

namespace flotilla::sql {

/// The outcome of one statement, all of it in memory: rows, if it gives any, and what it changed.
struct Rows {
    std::vector<std::string> columns;
    std::vector<Value> values;  ///< row by row
    /// Rows inserted, updated (those that matched, also when nothing in them changed) or deleted.
    std::int64_t changes = 0;
    /// The automatic key of the row that an insert made; 0 for other statements.
    std::int64_t last_id = 0;

    [[nodiscard]] std::size_t size() const noexcept {
        return columns.empty() ? 0 : values.size() / columns.size();
    }

    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    [[nodiscard]] const Value& at(std::size_t row, std::size_t column) const {
        return values[row * columns.size() + column];
    }

    /// Its place; names are compared without case and underscores: `product_id` is `productId`.
    [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
};

struct Changes {
    std::int64_t rows = 0;
    std::int64_t last_id = 0;
};

namespace detail {

Error missing_column(std::string_view field);
Error misfit(std::string_view column, const Value& value);
Error wrong_number_of_columns(std::size_t got);

inline constexpr std::size_t no_column = static_cast<std::size_t>(-1);

template <reflect::Described T>
Result<std::vector<T>> read_structs(Rows&& rows) {
    std::array<std::size_t, reflect::field_count<T>()> places{};
    std::size_t next = 0;
    const Error* failure = nullptr;
    Error missing = flotilla::Errc::internal;
    reflect::for_each_field<T>([&]<class F>(F) {
        const auto found = rows.column(F::name);
        if (!found && !reflect::detail::is_optional<typename F::Type> && !failure) {
            missing = missing_column(F::name);
            failure = &missing;
        }
        places[next++] = found.value_or(no_column);
    });
    if (failure) return flotilla::fail(std::move(missing));

    std::vector<T> out;
    out.reserve(rows.size());
    const std::size_t width = rows.columns.size();
    for (std::size_t row = 0; row < rows.size(); ++row) {
        T& made = out.emplace_back();
        std::size_t field = 0;
        std::size_t misfitting = no_column;
        reflect::for_each_field<T>([&]<class F>(F) {
            const std::size_t place = places[field++];
            if (place == no_column || misfitting != no_column) return;
            Value& value = rows.values[row * width + place];
            if (!take_value(value, made.*F::pointer)) misfitting = place;
        });
        if (misfitting != no_column)
            return flotilla::fail(misfit(rows.columns[misfitting], rows.at(row, misfitting)));
    }
    return out;
}

}  // namespace detail

/// Each row as a T: a described struct, whose fields are filled from the columns of their names, or any type
/// with a Value form, when there is one column. NULL fits optionals only; a column that is missing, too.
template <class T>
Result<std::vector<T>> rows_as(Rows&& rows) {
    if constexpr (reflect::Described<T>) {
        return detail::read_structs<T>(std::move(rows));
    } else {
        if (rows.columns.size() != 1)
            return flotilla::fail(detail::wrong_number_of_columns(rows.columns.size()));
        std::vector<T> out;
        out.reserve(rows.size());
        for (Value& value : rows.values) {
            T made{};
            if (!take_value(value, made)) return flotilla::fail(detail::misfit(rows.columns[0], value));
            out.push_back(std::move(made));
        }
        return out;
    }
}

}  // namespace flotilla::sql
