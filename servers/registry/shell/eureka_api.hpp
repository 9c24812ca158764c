#pragma once
/// Eureka's REST protocol on a router.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "caller_counts.hpp"
#include "flotilla/http/event_stream.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/metrics/registry.hpp"
#include "replicator.hpp"
#include "shared_registry.hpp"

namespace flotilla::registry {

/// Its handlers refer to it: it outlives the server.
class EurekaApi {
public:
    EurekaApi(
        SharedRegistry& registry, Replicator& replicator, CompatConfig compat, metrics::Registry& meters
    );

    /// Below `/eureka` and `/eureka/v2`.
    void mount(http::Router& router);

private:
    using Request = http::Request;
    using Response = http::Response;

    /// What the client wants, once its Accept field is found acceptable.
    struct Wanted {
        eureka::Format format;      ///< by negotiation
        eureka::Format collection;  ///< JSON if the field mentions it
        eureka::Detail detail;
        bool gzip;
        RegionSet regions;

        [[nodiscard]] SharedRegistry::Form form() const {
            return {.format = collection, .detail = detail, .gzip = gzip, .regions = regions};
        }
    };

    using Answer = Response (EurekaApi::*)(Request&, const Wanted&);

    void mount_at(http::Router& router, const std::string& base);
    void add(
        http::Router& router,
        http::Method method,
        const std::string& path,
        Answer answer,
        std::size_t limit = 0
    );

    [[nodiscard]] std::optional<Wanted> negotiate(const Request& request);
    /// `?regions=`, or those that a read takes in without it.
    [[nodiscard]] RegionSet regions_of(const Request& request) const;
    [[nodiscard]] Response error(const Request& request, http::Status status, std::string message = {}) const;
    [[nodiscard]] bool reads_are_open();
    static Response prepared(const PreparedDocument& document, eureka::Format format);
    static Response written(std::string text, eureka::Format format, bool gzip);

    // Collections.
    Response applications(Request& request, const Wanted& wanted);
    Response application(Request& request, const Wanted& wanted);
    Response by_vip(Request& request, const Wanted& wanted, bool secure);
    Response vips(Request& request, const Wanted& wanted);
    Response secure_vips(Request& request, const Wanted& wanted);
    Task<Response> delta(Request& request);
    Response stream(Request& request);
    Task<> push(http::EventStream& events, std::optional<std::uint64_t> since, RegionSet regions);

    // Instances.
    /// One instance by itself, as V1 had it where `eureka.compat.v1-status` says so.
    [[nodiscard]] Response single(const InstanceInfo& instance, const Wanted& wanted, bool gzip) const;
    Response enroll(Request& request, const Wanted& wanted);
    Response instance(Request& request, const Wanted& wanted);
    Response instance_by_id(Request& request, const Wanted& wanted);
    Response renew(Request& request, const Wanted& wanted);
    Response cancel(Request& request, const Wanted& wanted);
    Response override_status(Request& request, const Wanted& wanted);
    Response delete_override(Request& request, const Wanted& wanted);
    Response put_metadata(Request& request, const Wanted& wanted);

    // The rest.
    Response batch(Request& request, const Wanted& wanted);
    Response asg(Request& request, const Wanted& wanted);
    Response status(Request& request, const Wanted& wanted);
    Response status_overrides(Request& request, const Wanted& wanted);

    SharedRegistry& registry_;
    Replicator& replicator_;
    const CompatConfig compat_;
    const http::ErrorRenderer* errors_ = nullptr;  ///< the router's
    CallerCounts callers_;
    metrics::Counter renewals_;
    metrics::Counter registrations_;
    metrics::Counter cancels_;
};

}  // namespace flotilla::registry
