#pragma once
/// Which version of an API a request asks for: what the predicate `Version` compares. Settings are Spring's
/// `spring.webflux.apiversion.*`.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/gateway/exchange.hpp"

namespace flotilla::config {
class Environment;
}

namespace flotilla::gateway {

/// `1`, `1.2`, `1.2.3`; what stands before the first digit does not count, as in `v1.2`.
struct ApiVersion {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint32_t patch = 0;

    static Result<ApiVersion> parse(std::string_view text);

    friend auto operator<=>(const ApiVersion&, const ApiVersion&) = default;
};

struct ApiVersionConfig {
    // Where requests say it; the first of these that there is counts.
    std::string header{};
    std::string query_parameter{};
    /// Of an `Accept` or `Content-Type` of that media type: `application/json`, `version`.
    std::vector<std::pair<std::string, std::string>> media_type_parameters{};
    std::optional<std::size_t> path_segment{};  ///< counted from 0

    std::optional<ApiVersion> by_default{};
    bool required = false;                ///< a request without one is refused
    std::vector<ApiVersion> supported{};  ///< others are refused; none: all are fine
    bool detect_supported = true;         ///< those that predicates name are supported too

    [[nodiscard]] bool has_source() const noexcept {
        return !header.empty() || !query_parameter.empty() || !media_type_parameters.empty() || path_segment;
    }
};

/// `spring.webflux.apiversion.*`.
Result<ApiVersionConfig> read_api_versions(const config::Environment& environment);

/// Immutable once the routes are compiled.
class ApiVersions {
public:
    explicit ApiVersions(ApiVersionConfig config) : config_(std::move(config)) {}

    /// A predicate names it.
    void add_mapped(ApiVersion version);

    /// What the request asks for: nothing where it names none. The error, which is for the client, says that
    /// it names none where one is required, or what is no version, or one that is not supported.
    [[nodiscard]] Result<std::optional<ApiVersion>> asked_by(const Exchange& exchange) const;

    /// Whether `wants` holds for the version that is asked for. A request that asks for none, or wrongly, is
    /// for any: who asks wrongly is to be refused by whatever route, not told that there is nothing.
    template <class Wants>
    [[nodiscard]] bool satisfies(const Exchange& exchange, const Wants& wants) const {
        const auto asked = asked_by(exchange);
        return !asked || !*asked || wants(**asked);
    }

private:
    [[nodiscard]] std::optional<std::string> text_of(const Exchange& exchange) const;
    [[nodiscard]] bool is_supported(const ApiVersion& version) const;

    ApiVersionConfig config_;
    std::vector<ApiVersion> mapped_;
};

}  // namespace flotilla::gateway
