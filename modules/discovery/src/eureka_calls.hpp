#pragma once
// The requests of a Eureka client as data, and which answers are as good as done.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/discovery/eureka_reader.hpp"
#include "flotilla/discovery/eureka_registrar.hpp"

namespace flotilla::discovery {

struct EurekaCall {
    enum class Kind : std::uint8_t { full, delta, register_, heartbeat, cancel, query, override_ };

    Kind kind = Kind::full;
    std::string_view method;
    std::string path;  ///< below the registry's address, with its query
    std::string body;  ///< JSON; empty for none
};

EurekaCall fetch_call(Fetch what, std::string_view regions);
EurekaCall announcement_call(const Announcement& what);
EurekaCall query_call(const eureka::InstanceInfo& self);
EurekaCall override_call(const eureka::InstanceInfo& self, std::optional<eureka::InstanceStatus> status);

/// Otherwise the next registry is tried.
bool accepts(EurekaCall::Kind kind, int status) noexcept;

std::string_view to_text(EurekaCall::Kind kind) noexcept;

}  // namespace flotilla::discovery
