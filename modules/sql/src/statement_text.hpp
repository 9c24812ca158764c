#pragma once
// What can be said about a statement by reading its text, without understanding it.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/sql/session.hpp"

namespace flotilla::sql {

/// The first word in lower case: `select`. Comments before it are skipped.
std::string first_word(std::string_view text);

/// Begins with a word of those that never write.
bool only_reads(std::string_view text);

/// The statements of a script: cut at `;`, outside of quotes and comments; without empty ones.
std::vector<std::string_view> split_statements(std::string_view script);

/// Where the piece that begins at `at` ends: a quoted text, a comment, a word with digits, or one other
/// character.
std::size_t piece_end(std::string_view text, std::size_t at) noexcept;

bool is_word(std::string_view piece) noexcept;
bool is_comment(std::string_view piece) noexcept;

/// What no database takes in the same way as another is taken by none: texts that are not UTF-8, numbers that
/// are not finite. The value is named by its place.
Result<void> check_values(const Statement& statement);

/// Bytes of memory that a value takes, about.
std::size_t size_of(const Value& value) noexcept;

}  // namespace flotilla::sql
