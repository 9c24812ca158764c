#pragma once
// The plain port beside the one with TLS: it knows one answer, 308 to the same path over https.

#include <memory>
#include <string>

#include "flotilla/gateway/gateway_config.hpp"
#include "flotilla/http/handler.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/service/service.hpp"

namespace flotilla::gateway {

/// `https://HOST[:port]/path?query` for a request; empty when it names no host.
std::string https_location(const http::Request& request, std::uint16_t to_port);

class HttpsRedirect final : private http::Handler {
public:
    HttpsRedirect(Service& service, HttpsRedirectConfig config);

    Task<Result<void>> start();
    Task<> stop();

private:
    http::Pending handle(http::Request& request, http::Response& response) override;

    [[nodiscard]] bool streams_body(const http::Request&) const override { return true; }

    Service& service_;
    HttpsRedirectConfig config_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace flotilla::gateway
