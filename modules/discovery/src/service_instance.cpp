#include "flotilla/discovery/service_instance.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/base/url_text.hpp"

namespace flotilla::discovery {

namespace {

/// More would make schedules and rings large for no better spread.
constexpr std::int64_t heaviest = 10'000;

}  // namespace

std::string_view ServiceInstance::value(std::string_view key) const noexcept {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view ServiceInstance::zone() const noexcept {
    return value("zone");
}

std::uint32_t ServiceInstance::weight() const noexcept {
    const auto given = parse_integer<std::int64_t>(value("weight"));
    return given && *given > 0 ? static_cast<std::uint32_t>(std::min(*given, heaviest)) : 1;
}

std::string ServiceInstance::authority() const {
    return host_and_port(host, port);
}

std::string ServiceInstance::uri(std::string_view otherwise) const {
    const std::string_view chosen = !scheme.empty() ? std::string_view(scheme) : secure ? "https" : otherwise;
    return fmt::format("{}://{}", chosen, authority());
}

}  // namespace flotilla::discovery
