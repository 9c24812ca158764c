#pragma once
/// What a handler that sends its request on adds to the request's line in the access log.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"

namespace flotilla::http {

/// There is one only while the server keeps an access log: `Request::access_note`.
struct AccessNote {
    std::string upstream{};                   ///< who was asked last: `10.0.0.7:8081`; empty: nobody
    std::optional<Duration> upstream_time{};  ///< to the head of its answer, if one came
    std::uint32_t attempts = 0;
    std::string flags{};  ///< why it went as it did, in Envoy's short words: `UF,URX`

    /// Each stands there once.
    void flag(std::string_view word);

    /// As new, but with the memory that it has.
    void clear() noexcept;
};

}  // namespace flotilla::http
