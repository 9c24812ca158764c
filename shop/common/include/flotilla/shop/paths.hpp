#pragma once
/// Both spellings of a service's paths: gateways may rewrite `/order-service/…` or not, and both work.

#include <string>
#include <string_view>

#include "flotilla/http/router.hpp"

namespace flotilla::shop {

/// Adds routes to `Routes` (a Service, a Router) twice: as they are and below the service's own name.
template <class Routes>
class BothPaths {
public:
    /// `prefix` is `/order-service`.
    BothPaths(Routes& routes, std::string_view prefix) : routes_(routes), prefix_(prefix) {}

    template <class F>
    BothPaths& get(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add(http::Method::get, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    BothPaths& post(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add(http::Method::post, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    BothPaths& put(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add(http::Method::put, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    BothPaths& patch(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add(http::Method::patch, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    BothPaths& del(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add(http::Method::delete_, pattern, std::move(handler), std::move(options));
    }

    /// `/health_check` of the first version of the course and `/health-check` of the second.
    template <class F>
    BothPaths& health_check(F handler) {
        get("/health_check", handler);
        return get("/health-check", std::move(handler));
    }

private:
    template <class F>
    BothPaths& add(http::Method method, std::string_view pattern, F handler, http::RouteOptions options) {
        routes_.route(method, pattern, handler, options);
        routes_.route(method, prefix_ + std::string(pattern), std::move(handler), std::move(options));
        return *this;
    }

    Routes& routes_;
    std::string prefix_;
};

}  // namespace flotilla::shop
