#pragma once
/// What is given to clients in code: interceptors, error decoders, fallbacks.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/http/client_response.hpp"
#include "flotilla/remote/call_error.hpp"
#include "flotilla/remote/outgoing_request.hpp"

namespace flotilla::remote {

/// Sees every request before it is sent, and may change it: a token, a tenant. On a further attempt it sees
/// the same request again. Called on all loops.
using Interceptor = std::function<void(OutgoingRequest&)>;

/// An answer that says no: 3xx to 5xx.
struct ErrorAnswer {
    std::string_view key;     ///< `OrderClient#getOrders(String)`
    std::string_view method;  ///< `GET`
    std::string_view url;     ///< with the name of the service
    const http::ClientResponse& response;
};

/// What an answer means; nothing leaves it at the usual error. Called on all loops.
using ErrorDecoder = std::function<std::optional<CallError>(const ErrorAnswer&)>;

template <class Api>
struct ClientOptions {
    std::vector<Interceptor> interceptors{};
    ErrorDecoder error_decoder{};
    /// What its members do is done when the service does not answer, or says no.
    std::optional<Api> fallback{};
    /// A fixed address instead of the registry: for tests and for services that are not registered.
    std::string url{};
};

}  // namespace flotilla::remote
