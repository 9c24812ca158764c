#pragma once
/// What meters call the outcome of an exchange, as Spring's do.

#include <string_view>

namespace flotilla::http {

constexpr std::string_view outcome_of_status(int status) noexcept {
    switch (status / 100) {
        case 1:
            return "INFORMATIONAL";
        case 2:
            return "SUCCESS";
        case 3:
            return "REDIRECTION";
        case 4:
            return "CLIENT_ERROR";
        case 5:
            return "SERVER_ERROR";
        default:
            return "UNKNOWN";
    }
}

}  // namespace flotilla::http
