#include "flotilla/shop/driver/json_output.hpp"

#include <fmt/format.h>

#include <fstream>

namespace flotilla::shop::driver {

bool write_json_text(std::string_view json, const std::string& to) {
    if (to == "-") {
        fmt::print("{}\n", json);
        return true;
    }
    std::ofstream file(to, std::ios::trunc);
    file << json << '\n';
    return static_cast<bool>(file.flush());
}

}  // namespace flotilla::shop::driver
