#pragma once
// Opens connections: over all addresses of a name, with the next one tried when one takes long.

#include "client_core.hpp"
#include "flotilla/runtime/stream.hpp"

namespace flotilla::http {

/// The first address that answers wins; families take turns. Errors say which address failed how.
Task<Result<runtime::Stream>> connect_to_any(
    runtime::EventLoop& loop, std::vector<runtime::Endpoint> addresses, Duration stagger, Deadline deadline
);

/// The order in which addresses are tried: as they were given, but the two families alternate.
std::vector<runtime::Endpoint> in_turns(std::vector<runtime::Endpoint> addresses);

}  // namespace flotilla::http
