#include "eureka_api.hpp"

#include <array>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/http/negotiation.hpp"

namespace flotilla::registry {

using eureka::Detail;
using eureka::Format;
using http::KnownField;
using http::Method;
using http::Status;

namespace {

constexpr std::size_t batch_limit = 8U << 20;
constexpr std::size_t instance_limit = 1U << 20;
constexpr std::size_t worth_gzip = 1024;

}  // namespace

EurekaApi::EurekaApi(
    SharedRegistry& registry, Replicator& replicator, CompatConfig compat, metrics::Registry& meters
)
    : registry_(registry),
      replicator_(replicator),
      compat_(compat),
      callers_(meters),
      renewals_(meters.counter("flotilla.registry.renewals", {}, {.description = "Heartbeats that came."})),
      registrations_(meters.counter(
          "flotilla.registry.registrations", {}, {.description = "Registrations that were taken."}
      )),
      cancels_(meters.counter(
          "flotilla.registry.cancellations", {}, {.description = "Instances that left by themselves."}
      )) {}

void EurekaApi::mount(http::Router& router) {
    errors_ = &router.errors();
    mount_at(router, "/eureka");
    mount_at(router, "/eureka/v2");
}

/// A slash at the end makes no difference.
void EurekaApi::add(
    http::Router& router, Method method, const std::string& path, Answer answer, std::size_t limit
) {
    for (const std::string& pattern : {path, path + "/"}) {
        http::RouteOptions options;
        if (limit != 0) options.body_limit = limit;
        router.route(
            method,
            pattern,
            [this, answer](Request& request) -> Response {
                callers_.count(request);
                const auto wanted = negotiate(request);
                if (!wanted) return error(request, Status::not_acceptable);
                return (this->*answer)(request, *wanted);
            },
            std::move(options)
        );
    }
}

void EurekaApi::mount_at(http::Router& router, const std::string& base) {
    add(router, Method::get, base + "/apps", &EurekaApi::applications);
    add(router, Method::get, base + "/apps/{app}", &EurekaApi::application);
    add(router, Method::post, base + "/apps/{app}", &EurekaApi::enroll, instance_limit);
    add(router, Method::get, base + "/apps/{app}/{id}", &EurekaApi::instance);
    add(router, Method::put, base + "/apps/{app}/{id}", &EurekaApi::renew);
    add(router, Method::delete_, base + "/apps/{app}/{id}", &EurekaApi::cancel);
    add(router, Method::put, base + "/apps/{app}/{id}/status", &EurekaApi::override_status);
    add(router, Method::delete_, base + "/apps/{app}/{id}/status", &EurekaApi::delete_override);
    add(router, Method::put, base + "/apps/{app}/{id}/metadata", &EurekaApi::put_metadata);
    add(router, Method::get, base + "/instances/{id}", &EurekaApi::instance_by_id);
    add(router, Method::get, base + "/vips/{vip}", &EurekaApi::vips);
    add(router, Method::get, base + "/svips/{vip}", &EurekaApi::secure_vips);
    add(router, Method::post, base + "/peerreplication/batch", &EurekaApi::batch, batch_limit);
    add(router, Method::put, base + "/asg/{name}/status", &EurekaApi::asg);
    add(router, Method::get, base + "/status", &EurekaApi::status);
    add(router, Method::get, base + "/serverinfo/statusoverrides", &EurekaApi::status_overrides);
    for (const std::string& path : {base + "/apps/delta", base + "/apps/delta/"})
        router.get(path, [this](Request& request) { return delta(request); });
    // Events have a type of their own, which browsers ask for by name.
    router.get(base + "/apps/stream", [this](Request& request) { return stream(request); });
}

// ---- negotiation and answers

std::optional<EurekaApi::Wanted> EurekaApi::negotiate(const Request& request) {
    constexpr std::array<std::string_view, 2> offers{"application/xml", "application/json"};
    const std::string_view accept = request.header(KnownField::accept);
    // what nearly all send needs no search
    const auto best = accept == offers[1] && request.fields().count(KnownField::accept) == 1
                          ? std::optional<std::size_t>(1)
                          : http::best_media_type(request.fields(), offers);
    if (!best) return std::nullopt;
    const bool compact = iequals(request.header("X-Eureka-Accept"), "compact");
    return Wanted{
        .format = *best == 1 ? Format::json : Format::xml,
        .collection = accept.find("json") != std::string_view::npos ? Format::json : Format::xml,
        .detail = compact ? Detail::compact : Detail::full,
        .gzip = http::best_content_coding(request.fields()) == http::ContentCoding::gzip,
        .regions = regions_of(request)
    };
}

RegionSet EurekaApi::regions_of(const Request& request) const {
    const RegionNames& known = registry_.regions();
    if (known.all().empty()) return 0;
    const auto named = request.query_parameter("regions");
    return named && !named->empty() ? known.named(*named) : known.usual();
}

http::Response EurekaApi::error(const Request& request, Status status, std::string message) const {
    Response response;
    errors_->render(request, {.status = status, .message = std::move(message)}, response);
    return response;
}

bool EurekaApi::reads_are_open() {
    return registry_.with([](InstanceRegistry& core, Moment at) { return core.allows_reads(at); });
}

http::Response EurekaApi::prepared(const PreparedDocument& document, Format format) {
    Response response;
    response.view_body(eureka::content_type(format), *document.text, document.text);
    response.set("Vary", "Accept, Accept-Encoding");
    // Where changes are told as they happen, for clients that know: others never ask there.
    response.set("X-Flotilla-Push", "apps/stream");
    if (document.gzipped) response.set("Content-Encoding", "gzip");
    return response;
}

http::Response EurekaApi::written(std::string text, Format format, bool gzip) {
    Response response;
    response.set("Vary", "Accept, Accept-Encoding");
    if (gzip && text.size() >= worth_gzip) {
        response.set("Content-Encoding", "gzip");
        text = http::gzip(text);
    }
    response.set_body(eureka::content_type(format), std::move(text));
    return response;
}

}  // namespace flotilla::registry
