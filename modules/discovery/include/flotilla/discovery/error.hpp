#pragma once
/// What finding a service can fail by.

#include <string>
#include <system_error>

#include "flotilla/base/result.hpp"

namespace flotilla::discovery {

enum class DiscoveryErrc {
    no_instances = 1,  ///< nobody offers the service now; it may come back
    unreachable,       ///< no registry answers, and nothing is known from before
    refused,           ///< the registry answers, but does not do what it is asked for
};

const std::error_category& discovery_category() noexcept;
std::error_code make_error_code(DiscoveryErrc code) noexcept;

std::unexpected<Error> fail(DiscoveryErrc code, std::string context = {});

}  // namespace flotilla::discovery

template <>
struct std::is_error_code_enum<flotilla::discovery::DiscoveryErrc> : std::true_type {};
