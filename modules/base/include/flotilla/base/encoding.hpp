#pragma once
/// Bytes as text and back: hex, base64, base64url, and UTF-8 checks.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flotilla {

/// Lower-case hex, two characters a byte.
std::string to_hex(std::string_view bytes);
/// Either case; nothing for an odd length or another character.
std::optional<std::string> from_hex(std::string_view text);
/// Exactly 16 lower-hex characters to `out`.
void write_hex64(std::uint64_t value, char* out) noexcept;

std::string to_base64(std::string_view bytes);
/// Padding is required, as RFC 4648 has it; line breaks are not accepted.
std::optional<std::string> from_base64(std::string_view text);
/// URL-safe alphabet without padding, as JWT has it.
std::string to_base64url(std::string_view bytes);
/// Padding is refused, and so are stray bits in the last character.
std::optional<std::string> from_base64url(std::string_view text);

bool is_valid_utf8(std::string_view text) noexcept;
/// The longest prefix of at most `limit` bytes that does not cut a UTF-8 character.
std::string_view utf8_prefix(std::string_view text, std::size_t limit) noexcept;

}  // namespace flotilla
