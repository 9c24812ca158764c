#pragma once
/// What can go wrong as a value: an error code and the context that a person needs.
///
/// Expected outcomes (a timeout, a refused connection, bad input) are `Result<T>`; exceptions are for bugs.

#include <expected>
#include <string>
#include <string_view>
#include <system_error>

namespace flotilla {

/// Kinds of failure that any module may report. A module with richer failures has an enum and category of its
/// own.
enum class Errc {
    invalid_argument = 1,  ///< the caller's input is wrong; saying the same again cannot help
    malformed,             ///< bytes that do not follow their format
    not_found,
    conflict,
    limit_exceeded,  ///< larger, deeper or more than is allowed
    timed_out,
    cancelled,
    refused,      ///< the other side does not listen or says no
    closed,       ///< the other side went away
    unavailable,  ///< cannot be done now; may work later
    unsupported,
    io,
    internal,
};

const std::error_category& flotilla_category() noexcept;
std::error_code make_error_code(Errc code) noexcept;

}  // namespace flotilla

template <>
struct std::is_error_code_enum<flotilla::Errc> : std::true_type {};

namespace flotilla {

/// A code plus context. Each layer adds what it alone knows, outermost first:
/// `order-service: GET /stock: connection refused`.
class Error {
public:
    // NOLINTBEGIN(google-explicit-constructor): a bare code is an error too
    Error(std::error_code code, std::string context = {}) : code_(code), context_(std::move(context)) {}

    Error(Errc code, std::string context = {}) : Error(make_error_code(code), std::move(context)) {}

    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] std::error_code code() const noexcept { return code_; }

    [[nodiscard]] const std::string& context() const noexcept { return context_; }

    /// The context where there is one, otherwise the text of the code: one line for a person.
    [[nodiscard]] std::string message() const;

    /// The same error with `outer: ` in front of its message.
    [[nodiscard]] Error within(std::string_view outer) const;

    friend bool operator==(const Error&, const Error&) = default;

private:
    std::error_code code_;
    std::string context_;
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(Errc::not_found, "no such user")`
inline std::unexpected<Error> fail(Errc code, std::string context = {}) {
    return std::unexpected(Error(code, std::move(context)));
}

inline std::unexpected<Error> fail(Error error) {
    return std::unexpected(std::move(error));
}

}  // namespace flotilla

#define FLT_CONCAT_IMPL(a, b) a##b
#define FLT_CONCAT(a, b) FLT_CONCAT_IMPL(a, b)
#define FLT_TRY_IMPL(result, declaration, expression, return_)       \
    auto result = (expression);                                      \
    if (!result) return_ std::unexpected(std::move(result).error()); \
    declaration = *std::move(result)

/// `FLT_TRY(auto port, parse_port(text));` declares `port`, or returns the error to the caller.
#define FLT_TRY(declaration, ...) \
    FLT_TRY_IMPL(FLT_CONCAT(flt_result_, __LINE__), declaration, (__VA_ARGS__), return)

/// The same inside a coroutine.
#define FLT_CO_TRY(declaration, ...) \
    FLT_TRY_IMPL(FLT_CONCAT(flt_result_, __LINE__), declaration, (__VA_ARGS__), co_return)

/// `FLT_CHECK(file.sync());` for a result whose value is void or not needed.
#define FLT_CHECK(...) \
    if (auto flt_checked = (__VA_ARGS__); !flt_checked) return std::unexpected(std::move(flt_checked).error())

#define FLT_CO_CHECK(...)                               \
    if (auto flt_checked = (__VA_ARGS__); !flt_checked) \
    co_return std::unexpected(std::move(flt_checked).error())
