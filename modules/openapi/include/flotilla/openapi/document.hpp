#pragma once
/// The OpenAPI description of a router's routes, derived from the types of their handlers.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/http/router.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::openapi {

enum class Version : std::uint8_t { openapi_3_0, openapi_3_1 };

struct DocumentOptions {
    Version version = Version::openapi_3_0;
    std::string title = "OpenAPI definition";
    std::string api_version = "v0";
    /// What paths are relative to: `http://localhost:8080/order-service`.
    std::string server_url = "http://localhost:8080";
    /// Error bodies are problem details (RFC 9457) rather than Spring's classic ones.
    bool problem_details = false;
    /// What lies below these is left out.
    std::vector<std::string> hidden_prefixes{};
    /// Where they are set, only paths that match one of these, and none of those; `*` within a segment, `**`
    /// over several.
    std::vector<std::string> paths_to_match{};
    std::vector<std::string> paths_to_exclude{};
};

/// All routes that are not hidden, in the order of their paths' first registration; structs and error bodies
/// as components. Pure.
reflect::Json describe(const http::Router& router, const DocumentOptions& options);

/// `/users/**` and `/users/7/orders`.
bool path_matches(std::string_view pattern, std::string_view path) noexcept;

}  // namespace flotilla::openapi
