// Writes, and reads of single instances; replication and the rest.

#include "eureka_api.hpp"
#include "eureka_request.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/reflect/print.hpp"
#include "flotilla/registry/registration.hpp"

namespace flotilla::registry {

using eureka::Format;
using http::Status;

namespace {

constexpr std::size_t most_metadata = 4096;

}  // namespace

http::Response EurekaApi::enroll(Request& request, const Wanted& wanted) {
    const auto kind = body_kind(request);
    if (!kind) return error(request, Status::unsupported_media_type);
    const std::string recoded = kind->latin1 ? eureka::latin1_to_utf8(request.body()) : std::string();
    auto instance = eureka::decode_instance(kind->latin1 ? recoded : request.body(), kind->format);
    if (!instance) return cannot_parse(kind->format, instance.error());
    const std::string app = app_of(request);
    if (auto refusal = refuse_registration(*instance, app)) {
        Response response(Status::bad_request);
        response.set_body(eureka::content_type(wanted.format), *std::move(refusal));
        return response;
    }
    complete_registration(*instance);
    const Origin origin = origin_of(request);
    const std::string id(instance->id());
    const auto enrolled = registry_.with([&](InstanceRegistry& core, Moment at) {
        return core.enroll(*std::move(instance), origin, at);
    });
    if (!enrolled) return error(request, Status::service_unavailable, enrolled.error().message());
    registrations_.increment();
    if (origin == Origin::client)
        replicator_.offer({.action = eureka::ReplicationAction::register_, .app = app, .id = id});
    return Response(Status::no_content);
}

http::Response EurekaApi::single(const InstanceInfo& instance, const Wanted& wanted, bool gzip) const {
    if (!compat_.v1_status || wanted.format != Format::xml)
        return written(eureka::encode(instance, wanted.format), wanted.format, gzip);
    InstanceInfo shown = instance;
    for (InstanceStatus* status : {&shown.status, &shown.overridden_status})
        if (*status == InstanceStatus::out_of_service || *status == InstanceStatus::unknown)
            *status = InstanceStatus::down;
    return written(eureka::encode(shown, wanted.format), wanted.format, gzip);
}

http::Response EurekaApi::instance(Request& request, const Wanted& wanted) {
    const auto found = registry_.with([&](InstanceRegistry& core, Moment at) {
        return core.instance_anywhere(app_of(request), id_of(request), at);
    });
    if (!found) return error(request, Status::not_found);
    return single(*found, wanted, wanted.gzip);
}

http::Response EurekaApi::instance_by_id(Request& request, const Wanted& wanted) {
    const auto found = registry_.with([&](InstanceRegistry& core, Moment at) {
        return core.instance_anywhere(id_of(request), at);
    });
    if (!found) return error(request, Status::not_found);
    return single(*found, wanted, wanted.gzip);
}

http::Response EurekaApi::renew(Request& request, const Wanted& wanted) {
    const Timestamp dirty = dirty_timestamp(request);
    const Origin origin = origin_of(request);
    std::optional<InstanceStatus> override_at_peer;
    if (origin == Origin::peer) {
        if (const auto text = request.query_parameter("overriddenstatus"))
            override_at_peer = eureka::parse_status(*text);
    }
    const std::string app = app_of(request);
    const std::string id = id_of(request);
    const RenewalAnswer answer = registry_.with([&](InstanceRegistry& core, Moment at) {
        return core.renew(app, id, dirty.value, override_at_peer, origin, at);
    });
    renewals_.increment();
    if (answer.outcome == Renewal::unknown || answer.outcome == Renewal::outdated)
        return error(request, Status::not_found);
    if (dirty.broken) return error(request, Status::internal_server_error, "lastDirtyTimestamp is no number");
    if (answer.outcome == Renewal::conflict) {
        Response response = single(*answer.local, wanted, false);
        response.status(Status::conflict);
        return response;
    }
    if (origin == Origin::client)
        replicator_.offer({.action = eureka::ReplicationAction::heartbeat, .app = app, .id = id});
    return Response(Status::ok);
}

http::Response EurekaApi::cancel(Request& request, const Wanted& /*wanted*/) {
    const std::string app = app_of(request);
    const std::string id = id_of(request);
    const bool there =
        registry_.with([&](InstanceRegistry& core, Moment at) { return core.cancel(app, id, at); });
    if (!there) return error(request, Status::not_found);
    cancels_.increment();
    if (origin_of(request) == Origin::client)
        replicator_.offer({.action = eureka::ReplicationAction::cancel, .app = app, .id = id});
    return Response(Status::ok);
}

http::Response EurekaApi::override_status(Request& request, const Wanted& /*wanted*/) {
    const std::string app = app_of(request);
    const std::string id = id_of(request);
    const Timestamp dirty = dirty_timestamp(request);
    const Origin origin = origin_of(request);
    const auto value = request.query_parameter("value");
    const auto status = value ? eureka::parse_status(*value) : std::nullopt;
    const bool there = registry_.with([&](InstanceRegistry& core, Moment at) {
        if (!core.has(app, id, at)) return false;
        if (status) core.override_status(app, id, *status, dirty.value, at);
        return true;
    });
    if (!there) return error(request, Status::not_found);
    if (!status) return error(request, Status::internal_server_error, "value is no status");
    if (origin == Origin::client)
        replicator_.offer(
            {.action = eureka::ReplicationAction::status_update, .app = app, .id = id, .status = status}
        );
    if (dirty.broken) return error(request, Status::internal_server_error, "lastDirtyTimestamp is no number");
    return Response(Status::ok);
}

http::Response EurekaApi::delete_override(Request& request, const Wanted& /*wanted*/) {
    const std::string app = app_of(request);
    const std::string id = id_of(request);
    const Timestamp dirty = dirty_timestamp(request);
    const auto value = request.query_parameter("value");
    const auto status = value ? eureka::parse_status(*value) : InstanceStatus::unknown;
    const bool there = registry_.with([&](InstanceRegistry& core, Moment at) {
        if (!core.has(app, id, at)) return false;
        if (status) core.delete_override(app, id, *status, dirty.value, at);
        return true;
    });
    if (!there) return error(request, Status::not_found);
    if (!status) return error(request, Status::internal_server_error, "value is no status");
    if (origin_of(request) == Origin::client)
        replicator_.offer(
            {.action = eureka::ReplicationAction::delete_status_override,
             .app = app,
             .id = id,
             .status = status}
        );
    if (dirty.broken) return error(request, Status::internal_server_error, "lastDirtyTimestamp is no number");
    return Response(Status::ok);
}

http::Response EurekaApi::put_metadata(Request& request, const Wanted& /*wanted*/) {
    const std::string app = app_of(request);
    const std::string id = id_of(request);
    eureka::Metadata values;
    for (const auto& pair : http::UrlEncoded(request.query())) values.try_emplace(pair.name(), pair.value());
    if (values.size() > most_metadata) return error(request, Status::content_too_large);
    const Result<void> put = registry_.with([&](InstanceRegistry& core, Moment at) -> Result<void> {
        if (!core.has(app, id, at)) return fail(Errc::not_found);
        return core.put_metadata(app, id, values, at);
    });
    if (!put) {
        const bool too_much = put.error().code() == make_error_code(Errc::limit_exceeded);
        return error(request, too_much ? Status::content_too_large : Status::not_found);
    }
    // Whoever asked: a peer that passes metadata on does so as a registration.
    replicator_.offer({.action = eureka::ReplicationAction::register_, .app = app, .id = id});
    return Response(Status::ok);
}

// ---- the rest

http::Response EurekaApi::batch(Request& request, const Wanted& /*wanted*/) {
    const auto kind = body_kind(request);
    if (!kind || kind->format != Format::json) return error(request, Status::unsupported_media_type);
    const auto items = eureka::decode_replication(request.body());
    if (!items) return cannot_parse(Format::json, items.error());
    const auto answers =
        registry_.with([&](InstanceRegistry& core, Moment at) { return apply_batch(core, *items, at); });
    return written(eureka::encode_replication_answers(answers), Format::json, false);
}

http::Response EurekaApi::asg(Request& request, const Wanted& /*wanted*/) {
    return error(request, Status::bad_request, "auto scaling groups are known on AWS only");
}

http::Response EurekaApi::status(Request& /*request*/, const Wanted& wanted) {
    if (wanted.format == Format::json)
        return written(
            R"({"generalStats":{},"applicationStats":{},"instanceInfo":{},"healthy":true})",
            Format::json,
            false
        );
    return written(
        "<com.netflix.eureka.util.StatusInfo>\n  <generalStats/>\n  <applicationStats/>\n"
        "  <isHealthy>true</isHealthy>\n</com.netflix.eureka.util.StatusInfo>",
        Format::xml,
        false
    );
}

http::Response EurekaApi::status_overrides(Request& /*request*/, const Wanted& /*wanted*/) {
    const auto overrides = registry_.with([](InstanceRegistry& core, Moment) { return core.overrides(); });
    std::string text = "{";
    for (const auto& [id, status] : overrides) {
        if (text.size() > 1) text += ',';
        reflect::print::string(text, id);
        text += ':';
        reflect::print::string(text, eureka::to_text(status));
    }
    text += '}';
    return written(std::move(text), Format::json, false);
}

}  // namespace flotilla::registry
