#include "https_redirect.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

namespace flotilla::gateway {

namespace {

constexpr std::uint16_t usual_port = 443;
constexpr Duration grace = std::chrono::seconds(1);

/// `[::1]` of `[::1]:8000`.
std::string_view without_port(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    const std::size_t bracket = host.rfind(']');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    return has_port ? host.substr(0, colon) : host;
}

}  // namespace

std::string https_location(const http::Request& request, std::uint16_t to_port) {
    const std::string_view host = without_port(request.head().host);
    if (host.empty()) return {};
    std::string location = fmt::format("https://{}", host);
    if (to_port != usual_port) location.append(fmt::format(":{}", to_port));
    location.append(request.raw_path());
    if (!request.query().empty()) location.append("?").append(request.query());
    return location;
}

HttpsRedirect::HttpsRedirect(Service& service, HttpsRedirectConfig config)
    : service_(service), config_(config) {}

Task<Result<void>> HttpsRedirect::start() {
    http::ServerConfig config;
    config.port = config_.port.value_or(0);
    config.address = service_.environment().get_or("server.address", config.address);
    const http::Telemetry telemetry{
        .meters = nullptr, .tracer = nullptr, .log = service_.logger("gateway.redirect"), .access_log = {}
    };
    http::Handler& handler = *this;
    server_ = std::make_unique<http::Server>(service_.runtime(), config, handler, telemetry);
    const auto endpoint = co_await server_->start();
    if (!endpoint) {
        server_.reset();
        co_return fail(endpoint.error().within("flotilla.gateway.https-redirect.port"));
    }
    co_return Result<void>();
}

Task<> HttpsRedirect::stop() {
    if (!server_) co_return;
    const TimePoint now = service_.runtime().clock().now();
    (void)co_await server_->stop(Deadline::after(now, grace));
    server_.reset();
}

http::Pending HttpsRedirect::handle(http::Request& request, http::Response& response) {
    const std::uint16_t to_port = config_.to_port.value_or(0);
    const std::string location = https_location(request, to_port != 0 ? to_port : service_.endpoint().port());
    if (location.empty()) {
        response.status(http::Status::bad_request);
        return std::nullopt;
    }
    response.status(http::Status::permanent_redirect).set("Location", location);
    // A body that nobody wants is not read.
    if (request.head().has_body()) response.close_connection();
    return std::nullopt;
}

}  // namespace flotilla::gateway
