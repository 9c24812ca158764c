#pragma once
// `/actuator/gateway`: which routes there are, and, where that is allowed, others at run time.

#include "flotilla/actuator/endpoint.hpp"
#include "live_table.hpp"

namespace flotilla::gateway {

/// Both outlive the endpoint.
actuator::Endpoint gateway_endpoint(TableKeeper& tables, const GatewayConfig& config);

}  // namespace flotilla::gateway
