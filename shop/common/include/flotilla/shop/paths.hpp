#pragma once
/// Both spellings of a service's paths: gateways may rewrite `/order-service/…` or not, and both work.
///
///     BothPaths paths(router, "/order-service");
///     paths.get<std::vector<ListedOrder>>("/{userId}/orders", list, {.doc = {.summary = "Orders of a
///     user"}});

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "flotilla/http/router.hpp"

namespace flotilla::shop {

/// Adds routes twice: as they are, and below the service's own name, where they are described. `Answer` is
/// what the body of a good answer is, for handlers that make their responses themselves.
class BothPaths {
public:
    /// `prefix` is `/order-service`.
    BothPaths(http::Router& router, std::string_view prefix) : router_(router), prefix_(prefix) {}

    template <class Answer = void, class F>
    BothPaths& get(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add<Answer>(http::Method::get, pattern, std::move(handler), std::move(options));
    }

    template <class Answer = void, class F>
    BothPaths& post(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add<Answer>(http::Method::post, pattern, std::move(handler), std::move(options));
    }

    template <class Answer = void, class F>
    BothPaths& put(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add<Answer>(http::Method::put, pattern, std::move(handler), std::move(options));
    }

    template <class Answer = void, class F>
    BothPaths& patch(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add<Answer>(http::Method::patch, pattern, std::move(handler), std::move(options));
    }

    template <class Answer = void, class F>
    BothPaths& del(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return add<Answer>(http::Method::delete_, pattern, std::move(handler), std::move(options));
    }

    /// `/health_check` of the first version of the course and `/health-check` of the second.
    template <class F>
    BothPaths& health_check(F handler) {
        get("/health_check", handler, {.doc = {.summary = "Says that it works"}});
        return get("/health-check", std::move(handler), {.doc = {.hidden = true}});
    }

private:
    template <class Answer, class F>
    BothPaths& add(http::Method method, std::string_view pattern, F handler, http::RouteOptions options) {
        http::RouteOptions short_form = options;
        short_form.doc.hidden = true;
        router_.add(method, pattern, bind<Answer>(handler, options), std::move(short_form));
        http::Binding binding = bind<Answer>(std::move(handler), options);
        router_.add(method, prefix_ + std::string(pattern), std::move(binding), std::move(options));
        return *this;
    }

    template <class Answer, class F>
    static http::Binding bind(F handler, const http::RouteOptions& options) {
        http::Binding binding = http::bind_handler(std::move(handler));
        if constexpr (!std::is_void_v<Answer>) {
            binding.answer = {.kind = http::AnswerInfo::Kind::json, .info = &reflect::type_info_of<Answer>};
            binding.produces_json = true;
            for (const auto& response : options.doc.responses)
                binding.answer.created = binding.answer.created || response.status == 201;
        }
        return binding;
    }

    http::Router& router_;
    std::string prefix_;
};

}  // namespace flotilla::shop
