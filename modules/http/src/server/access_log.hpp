#pragma once
// Lines of the access log: one for each request, whatever became of it.

#include <cstdint>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/access_note.hpp"
#include "flotilla/http/parsing.hpp"
#include "flotilla/log/logger.hpp"

namespace flotilla::http {

struct AccessFacts {
    std::string_view client;
    std::string_view method;
    std::string_view target;
    std::string_view protocol;
    int status = 0;              ///< 0: the client has seen none
    std::uint64_t received = 0;  ///< bytes of the request's body
    std::uint64_t sent = 0;      ///< bytes of the answer's body
    Duration taken{};            ///< from the first byte of the request to the last of the answer
};

void log_access(const log::Logger& log, const AccessFacts& facts, const AccessNote& note);

/// A message that nothing of was believed.
void log_refusal(const log::Logger& log, const AccessFacts& facts, const Reject& reject);

/// For a request whose message was refused: `DPE`, or `DT` when it did not come in time; empty for one that
/// was only too long.
std::string_view flag_of(const Reject& reject) noexcept;

}  // namespace flotilla::http
