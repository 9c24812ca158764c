#pragma once
/// Both spellings of a service's paths: gateways may rewrite `/order-service/…` or not, and both work.
///
///     BothPaths paths(router, "/order-service");
///     paths.get("/{userId}/orders", list, {.doc = {.summary = "Orders of a user"}});

#include <string>
#include <string_view>
#include <utility>

#include "flotilla/http/router.hpp"
#include "flotilla/reflect/type_info.hpp"
#include "flotilla/shop/problem.hpp"

namespace flotilla::shop {

/// Adds routes twice: as they are, and below the service's own name, where they are described.
class BothPaths {
public:
    /// `prefix` is `/order-service`.
    BothPaths(http::Router& router, std::string_view prefix) : router_(router), prefix_(prefix) {}

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
        get("/health_check", handler, {.doc = {.summary = "Says that it works"}});
        return get("/health-check", std::move(handler), {.doc = {.hidden = true}});
    }

private:
    template <class F>
    BothPaths& add(http::Method method, std::string_view pattern, F handler, http::RouteOptions options) {
        http::RouteOptions undescribed = options;
        undescribed.doc.hidden = true;
        options.doc.error_body = &reflect::type_info_of<ProblemBody>;
        router_.route(method, pattern, handler, std::move(undescribed));
        router_.route(method, prefix_ + std::string(pattern), std::move(handler), std::move(options));
        return *this;
    }

    http::Router& router_;
    std::string prefix_;
};

}  // namespace flotilla::shop
