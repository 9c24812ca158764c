#pragma once
/// The seam between the server and whatever answers: a router, a gateway, a test.

#include <optional>

#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"

namespace flotilla::http {

/// Fills in the response, at once or in a coroutine. One that needs no waiting returns nothing and costs no
/// coroutine.
using Pending = std::optional<Task<>>;

/// Answers requests, on any loop. What it throws is answered with 500 and logged.
class Handler {
public:
    /// Sees the head before the body is read: a router chooses the route here.
    virtual void prepare(Request&) {}

    virtual Pending handle(Request& request, Response& response) = 0;

    /// Whether the body is to be left on the wire, for the handler to read or to be thrown away.
    [[nodiscard]] virtual bool streams_body(const Request&) const { return false; }

    /// The largest body that this request may have, when it is not the server's usual limit.
    [[nodiscard]] virtual std::optional<std::size_t> body_limit(const Request&) const { return std::nullopt; }

    virtual ~Handler() = default;
};

}  // namespace flotilla::http
