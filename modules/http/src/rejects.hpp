#pragma once
// Every refusal in one place, by the number of its rule in the gateway's security table.

#include "flotilla/http/parsing.hpp"

namespace flotilla::http::detail {

inline constexpr Reject length_and_encoding{400, "S1", "both Content-Length and Transfer-Encoding"};
inline constexpr Reject bad_length{400, "S2", "malformed Content-Length"};
inline constexpr Reject repeated_length{400, "S2", "more than one Content-Length"};
inline constexpr Reject bad_encoding{400, "S3", "Transfer-Encoding other than chunked"};
inline constexpr Reject repeated_encoding{400, "S3", "more than one Transfer-Encoding"};
inline constexpr Reject encoding_in_http10{400, "S3", "Transfer-Encoding in HTTP/1.0"};
inline constexpr Reject blank_before_colon{400, "S4", "blank before the colon of a field"};
inline constexpr Reject empty_name{400, "S4", "empty field name"};
inline constexpr Reject bad_name{400, "S4", "octet that is not allowed in a field name"};
inline constexpr Reject no_colon{400, "S4", "field line without colon"};
inline constexpr Reject folded_line{400, "S5", "folded field line"};
inline constexpr Reject bare_cr{400, "S6", "CR without LF"};
inline constexpr Reject bare_lf{400, "S6", "LF without CR"};
inline constexpr Reject control_in_value{400, "S6", "control octet in a field value"};
inline constexpr Reject too_many_empty_lines{400, "S7", "more than four empty lines before a request"};
inline constexpr Reject bad_method{400, "S7", "malformed method"};
inline constexpr Reject bad_target{400, "S7", "malformed request target"};
inline constexpr Reject no_version{400, "S7", "request line without version"};
inline constexpr Reject bad_version{400, "S7", "malformed version"};
inline constexpr Reject other_version{505, "S7", "major version other than 1"};
inline constexpr Reject no_host{400, "S8", "HTTP/1.1 without Host"};
inline constexpr Reject repeated_host{400, "S8", "more than one Host"};
inline constexpr Reject bad_host{400, "S8", "malformed Host"};
inline constexpr Reject other_authority{400, "S8", "authority of the target differs from Host"};
inline constexpr Reject connect_method{405, "S9", "CONNECT is not offered"};
inline constexpr Reject authority_form{405, "S9", "authority-form target"};
inline constexpr Reject asterisk_form{400, "S9", "asterisk-form target with a method other than OPTIONS"};
inline constexpr Reject bad_chunk_size{400, "S10", "malformed chunk size"};
inline constexpr Reject chunk_size_too_long{400, "S10", "chunk size of more than 16 digits"};
inline constexpr Reject bad_chunk_extension{400, "S10", "control octet in a chunk extension"};
inline constexpr Reject chunk_extensions_too_long{400, "S10", "chunk extensions over the limit"};
inline constexpr Reject chunk_without_end{400, "S10", "chunk data without CRLF"};
inline constexpr Reject chunk_line_end{400, "S10", "chunk line that does not end in CRLF"};
inline constexpr Reject forbidden_trailer{
    400, "S11", "trailer field that would change framing, routing or rights"
};
inline constexpr Reject bad_escape{400, "S12", "malformed percent-escape in the path"};
inline constexpr Reject encoded_control{400, "S12", "encoded control octet in the path"};
inline constexpr Reject backslash{400, "S12", "backslash in the path"};
inline constexpr Reject raw_non_ascii{400, "S12", "octet over 127 in the path"};
inline constexpr Reject raw_control{400, "S12", "control octet or blank in the path"};
inline constexpr Reject fragment{400, "S12", "fragment in the target"};
inline constexpr Reject encoded_slash{400, "S12", "encoded slash or backslash in the path"};
inline constexpr Reject encoded_dot_segment{400, "S12", "dot segment written with escapes"};
inline constexpr Reject dot_segment_with_parameters{400, "S12", "dot segment with parameters"};
inline constexpr Reject climbs_above_root{400, "S12", "path climbs above the root"};
inline constexpr Reject line_too_long{414, "S13", "request line over the limit"};
inline constexpr Reject header_too_large{431, "S13", "header block over the limit"};
inline constexpr Reject too_many_fields{431, "S13", "too many fields"};
inline constexpr Reject bad_expectation{417, "S17", "expectation other than 100-continue"};
inline constexpr Reject underscore_in_name{400, "S20", "underscore in a field name"};

}  // namespace flotilla::http::detail
