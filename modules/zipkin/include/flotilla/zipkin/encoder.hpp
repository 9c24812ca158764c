#pragma once
/// Spans as Zipkin reads them: JSON v2, or the binary form of zipkin.proto3, which is about half as long.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/tracing/span_data.hpp"

namespace flotilla::zipkin {

enum class Encoding : std::uint8_t { json_v2, proto3 };

/// Who reports: the own side of every span.
struct LocalEndpoint {
    std::string service = {};
    std::string ip = {};  ///< as text, either family; unknown when empty
    std::uint16_t port = 0;
};

/// Writes lists of spans:
///
///     encoder.begin(list);
///     for (const SpanData& span : spans) encoder.append(list, span);
///     encoder.end(list);
///
/// Immutable. Members of JSON come in Zipkin's order, what is absent or false is left out.
class Encoder {
public:
    Encoder(Encoding encoding, const LocalEndpoint& local);

    void begin(std::string& list) const;
    /// With the separator that it needs after the one before.
    void append(std::string& list, const tracing::SpanData& span) const;
    void end(std::string& list) const;

    [[nodiscard]] std::string_view content_type() const noexcept;

private:
    Encoding encoding_;
    std::string local_;  // the endpoint as it stands in every span
};

}  // namespace flotilla::zipkin
