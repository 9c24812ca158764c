#pragma once
/// Where the shop's tools leave their reports for machines: `--json FILE`, or `-` for stdout.

#include <string>
#include <string_view>

#include "flotilla/reflect/json.hpp"

namespace flotilla::shop::driver {

/// False when the file cannot be written.
bool write_json_text(std::string_view json, const std::string& to);

template <class Report>
bool write_json(const Report& report, const std::string& to) {
    return write_json_text(reflect::to_json(report), to);
}

}  // namespace flotilla::shop::driver
