#pragma once
/// Media types, and what a client would like to get: Accept and Accept-Encoding (RFC 9110, 8.3 and 12.5).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "flotilla/http/fields.hpp"

namespace flotilla::http {

/// `application/json; charset=utf-8` in its parts. Views into the text that was parsed.
struct MediaType {
    std::string_view type;
    std::string_view subtype;
    std::string_view parameters;  ///< raw, what follows the first `;`

    /// Nothing for what is no media type.
    static std::optional<MediaType> parse(std::string_view text) noexcept;

    /// `is("application", "json")`, without case.
    [[nodiscard]] bool is(std::string_view wanted_type, std::string_view wanted_subtype) const noexcept;
    /// `application/json` and any `application/*+json`.
    [[nodiscard]] bool is_json() const noexcept;
    /// The value of a parameter without its quotes.
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
    /// In lower case; nothing where none is named.
    [[nodiscard]] std::optional<std::string> charset() const;
};

/// The offer that the Accept field likes best, as an index, or nothing when none is acceptable. Of equally
/// welcome ones the more precisely named wins, then the one that the client names first, then the first
/// offer. An empty field accepts everything; parts that are malformed do not count.
std::optional<std::size_t> best_media_type(std::string_view accept, std::span<const std::string_view> offers);
/// With all Accept fields of a request.
std::optional<std::size_t> best_media_type(const Fields& fields, std::span<const std::string_view> offers);

enum class ContentCoding : std::uint8_t { identity, gzip };

/// How to encode an answer that can be had in both codings: gzip where it is accepted and not less welcome
/// than identity. Nothing when the client refuses both. An absent or empty field means identity.
std::optional<ContentCoding> best_content_coding(std::string_view accept_encoding);
std::optional<ContentCoding> best_content_coding(const Fields& fields);

}  // namespace flotilla::http
