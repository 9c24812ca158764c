#include "flotilla/sql/error.hpp"

#include "flotilla/base/text.hpp"

namespace flotilla::sql {

namespace {

constexpr std::string_view constraint_mark = "constraint ";

flotilla::Errc general_code(SqlErrc code) noexcept {
    switch (code) {
        case SqlErrc::unique_violation:
        case SqlErrc::foreign_key_violation:
        case SqlErrc::check_violation:
        case SqlErrc::not_null_violation:
        case SqlErrc::invalid_value:
            return flotilla::Errc::conflict;
        case SqlErrc::busy:
        case SqlErrc::pool_exhausted:
        case SqlErrc::connection_lost:
        case SqlErrc::transaction_aborted:
        case SqlErrc::closed:
            return flotilla::Errc::unavailable;
        case SqlErrc::timed_out:
            return flotilla::Errc::timed_out;
        case SqlErrc::access_denied:
        case SqlErrc::syntax:
        case SqlErrc::wrong_shape:
        case SqlErrc::migration:
        case SqlErrc::failed:
            break;
    }
    return flotilla::Errc::internal;
}

class SqlCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "sql"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<SqlErrc>(value)) {
            case SqlErrc::unique_violation:
                return "unique constraint violated";
            case SqlErrc::foreign_key_violation:
                return "foreign key violated";
            case SqlErrc::check_violation:
                return "check constraint violated";
            case SqlErrc::not_null_violation:
                return "a value is missing";
            case SqlErrc::invalid_value:
                return "a value does not fit its column";
            case SqlErrc::busy:
                return "the database is busy";
            case SqlErrc::timed_out:
                return "the statement took too long";
            case SqlErrc::pool_exhausted:
                return "no connection is free";
            case SqlErrc::connection_lost:
                return "no connection to the database";
            case SqlErrc::access_denied:
                return "access denied";
            case SqlErrc::syntax:
                return "the statement is not understood";
            case SqlErrc::wrong_shape:
                return "the rows do not fit";
            case SqlErrc::transaction_aborted:
                return "the transaction has ended already";
            case SqlErrc::migration:
                return "the schema does not fit the migrations";
            case SqlErrc::closed:
                return "the database is closed";
            case SqlErrc::failed:
                return "the database failed";
        }
        return "unknown error";
    }

    // So that whoever knows no SQL, such as an HTTP server, knows what to make of it.
    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
        const auto code = flotilla::make_error_code(general_code(static_cast<SqlErrc>(value)));
        return {code.value(), code.category()};
    }
};

}  // namespace

const std::error_category& sql_category() noexcept {
    static const SqlCategory category;
    return category;
}

std::error_code make_error_code(SqlErrc code) noexcept {
    return {static_cast<int>(code), sql_category()};
}

bool is_retryable(const Error& error) noexcept {
    return error.code() == SqlErrc::busy || error.code() == SqlErrc::connection_lost ||
           error.code() == SqlErrc::pool_exhausted;
}

std::optional<std::string_view> constraint_of(const Error& error) noexcept {
    const std::string_view context = error.context();
    const std::size_t mark = context.rfind(constraint_mark);
    if (error.code().category() != sql_category() || mark == std::string_view::npos) return std::nullopt;
    return context.substr(mark + constraint_mark.size());
}

bool violates_unique(const Error& error, std::string_view constraint) noexcept {
    if (error.code() != SqlErrc::unique_violation) return false;
    const auto name = constraint_of(error);
    if (!name) return false;
    if (iequals(*name, constraint)) return true;
    const std::size_t dot = name->rfind('.');
    return dot != std::string_view::npos && iequals(name->substr(dot + 1), constraint);
}

Error general(const Error& error) {
    if (error.code().category() != sql_category()) return error;
    return {general_code(static_cast<SqlErrc>(error.code().value())), error.message()};
}

}  // namespace flotilla::sql
