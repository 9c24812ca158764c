#include "prometheus_api.hpp"

#include "flotilla/crypto/digest.hpp"
#include "flotilla/http/conditional.hpp"
#include "flotilla/registry/prometheus_targets.hpp"

namespace flotilla::registry {

namespace {

constexpr std::size_t tag_length = 32;

/// By the content alone: peers that hold the same answer with the same tag.
std::string tag_of(std::string_view document) {
    return '"' + crypto::hex_digest(crypto::Hash::sha256, document).substr(0, tag_length) + '"';
}

}  // namespace

void PrometheusApi::mount(http::Router& router) {
    for (const char* path : {"/sd/prometheus", "/prometheus/sd"})
        router.get(path, [this](http::Request& request) { return answer(request); });
}

http::Response PrometheusApi::answer(http::Request& request) {
    const TargetQuery query{
        .app = request.query_parameter("app"),
        .zone = request.query_parameter("zone"),
        .any_status = request.query_parameter("status") == "all"
    };
    if (const auto interval = request.header("X-Prometheus-Refresh-Interval-Seconds"); !interval.empty())
        log_.debug("Prometheus asks for its targets, every {} s", interval);
    const auto all = registry_.with([](InstanceRegistry& core, Moment at) {
        return core.catalog([](std::string_view) { return true; }, at);
    });
    std::string document = prometheus_targets(all, query);
    const std::string tag = tag_of(document);
    http::Response response;
    response.set("ETag", tag);
    switch (http::check_preconditions(
        request.method(), request.fields(), {.etag = tag}, registry_.clock().wall_now()
    )) {
        case http::Precondition::not_modified:
            response.status(http::Status::not_modified);
            break;
        case http::Precondition::failed:
            response.status(http::Status::precondition_failed);
            break;
        case http::Precondition::proceed:
            response.set_body("application/json", std::move(document));
            break;
    }
    return response;
}

}  // namespace flotilla::registry
