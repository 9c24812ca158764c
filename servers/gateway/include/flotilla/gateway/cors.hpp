#pragma once
/// Which pages of other sites may call, as browsers ask it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/gateway/exchange.hpp"
#include "flotilla/gateway/path_pattern.hpp"
#include "flotilla/gateway/route_definition.hpp"

namespace flotilla::gateway {

/// One CORS configuration. Its values replace those of the upstream.
class CorsRules {
public:
    /// `allowedOrigins`, `allowedOriginPatterns`, `allowedMethods`, `allowedHeaders`, `exposedHeaders`,
    /// `allowCredentials`, `maxAge`.
    static Result<CorsRules> from(const Json& json);

    enum class Verdict : std::uint8_t {
        not_cors,   ///< no Origin, or the own one: nothing to do
        preflight,  ///< `exchange.answer()` is complete
        refused,    ///< it is a 403
        allowed,    ///< `decorate` the answer
    };

    [[nodiscard]] Verdict judge(Exchange& exchange) const;
    /// Puts the fields of an allowed request in place of the upstream's.
    void decorate(Exchange& exchange, Answer& answer) const;

private:
    [[nodiscard]] bool allows_origin(std::string_view origin) const;
    [[nodiscard]] bool allows_method(std::string_view method) const;
    void put_common(std::string_view origin, Answer& answer) const;

    std::vector<std::string> origins_;
    std::vector<std::string> origin_patterns_;
    std::vector<std::string> methods_;
    std::vector<std::string> headers_;
    std::string exposed_;
    bool credentials_ = false;
    std::optional<std::int64_t> max_age_;
};

/// By path: `globalcors.cors-configurations`.
class CorsTable {
public:
    Result<void> add(std::string_view path, const Json& json);

    /// Null when nothing is said of the path.
    [[nodiscard]] const CorsRules* find(const Exchange& exchange) const;

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

private:
    struct Entry {
        PathPattern pattern;
        CorsRules rules;
    };

    std::vector<Entry> entries_;
};

/// `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
bool is_preflight(const Exchange& exchange) noexcept;

}  // namespace flotilla::gateway
