#pragma once
/// The caller's time, as it comes with a request: what is left of it bounds everything that is done for him.

#include <optional>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/fields.hpp"
#include "flotilla/http/router.hpp"

namespace flotilla::remote {

/// What the caller says is left: `X-Request-Deadline-Ms`, `grpc-timeout` or
/// `X-Envoy-Expected-Rq-Timeout-Ms`; the least of them, nothing when none is there or can be read. Relative,
/// so that no clocks need agree.
std::optional<Duration> time_left(const http::Fields& fields);

/// `100m`, `5S`, `2H`: a number of up to eight digits and a unit.
std::optional<Duration> parse_grpc_timeout(std::string_view text);

/// Requests keep their caller's deadline from now on, counted from their first byte; one that has passed
/// already is answered with 504. Outgoing calls inherit what is left, and tell it to the next hop.
void honour_deadlines(http::Router& router);

}  // namespace flotilla::remote
