#pragma once
/// The formats in which scrapers read meters.

#include <cstdint>
#include <optional>
#include <string_view>

namespace flotilla::metrics {

enum class Format : std::uint8_t {
    text,         ///< Prometheus text 0.0.4
    openmetrics,  ///< OpenMetrics 1.0, with exemplars
};

/// `metrics.prometheus.flavor`: names and layout of Micrometer 1.13 and later, or of those before.
enum class Flavor : std::uint8_t { current, legacy };

/// By the `Accept` header, preferences (q) ignored: OpenMetrics when listed, else text when listed or
/// anything goes; nothing (406) otherwise. An empty header means that anything goes.
std::optional<Format> negotiate(std::string_view accept) noexcept;

std::string_view content_type(Format format) noexcept;

}  // namespace flotilla::metrics
