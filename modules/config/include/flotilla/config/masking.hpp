#pragma once
/// What must not be shown: decided by the name of a property, by its value, or because it was encrypted.

#include <string>
#include <string_view>

#include "flotilla/config/property_source.hpp"

namespace flotilla::config {

inline constexpr std::string_view masked_value = "******";

/// Names with `password`, `secret`, `token` or `credentials` in them or that end with `key`, whatever their
/// case and separators; also `vcap_services` and `sun.java.command`.
bool is_sensitive(std::string_view name);

/// `http://user:pass@host` as `http://user:******@host`; every URI of a list; other text as it is.
std::string mask_user_info(std::string_view text);

/// The value as it may be shown when values are shown at all.
Json shown_value(std::string_view name, const Json& value, bool encrypted = false);

}  // namespace flotilla::config
