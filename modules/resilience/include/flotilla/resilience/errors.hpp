#pragma once
/// What the policies of this module refuse with, and how errors are named in configuration.

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::resilience {

enum class ResilienceErrc {
    call_not_permitted = 1,  ///< a circuit breaker refused
    bulkhead_full,
    request_not_permitted,  ///< a rate limiter refused
    time_limit_exceeded,
    retries_exhausted,
    concurrency_limit_exceeded,  ///< an adaptive limit refused
    load_shed,
    no_fallback,
    illegal_transition,
};

const std::error_category& resilience_category() noexcept;
std::error_code make_error_code(ResilienceErrc code) noexcept;

/// Whether this is a refusal or expiry that was decided here, without asking the other side: no reason to
/// try the same again at once.
bool is_local_refusal(const Error& error) noexcept;

/// As configuration names it: `timed_out`, `http.404`.
std::string name_of(const Error& error);

/// A set of errors, named as configuration names them:
///
///     *                            every error; so do java.lang.Exception, Exception and Throwable
///     http                         every error of that category
///     http.404, http.4xx           one code, a hundred of codes
///     timed_out, flotilla.refused  one code by its name
///     java.io.IOException          a handful of Java's names that stand in many a Resilience4j file
class ErrorMatcher {
public:
    ErrorMatcher() = default;

    /// Fails on a name that nothing can match: `invalid_argument`, naming it.
    static Result<ErrorMatcher> of(const std::vector<std::string>& names);

    [[nodiscard]] bool empty() const noexcept { return patterns_.empty(); }

    [[nodiscard]] bool matches(const Error& error) const noexcept { return specificity(error) > 0; }

    /// For results that are no errors here: `http` and a status.
    [[nodiscard]] bool matches(std::string_view category, int code) const noexcept {
        return specificity(category, code) > 0;
    }

    /// How closely the nearest name fits: 0 not at all, 1 any error, 2 category, 3 hundred of codes, 4 code.
    [[nodiscard]] int specificity(const Error& error) const noexcept;

private:
    struct Pattern {
        std::string category;  ///< empty: any
        int first = 0;         ///< codes from here
        int last = -1;         ///< to here; all when smaller than `first`
        int specificity = 1;
    };

    [[nodiscard]] int specificity(std::string_view category, int code) const noexcept;
    static bool add(std::string_view name, std::vector<Pattern>& patterns);

    std::vector<Pattern> patterns_;
};

}  // namespace flotilla::resilience

template <>
struct std::is_error_code_enum<flotilla::resilience::ResilienceErrc> : std::true_type {};
