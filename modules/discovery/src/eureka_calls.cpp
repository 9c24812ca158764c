#include "eureka_calls.hpp"

#include <fmt/format.h>

#include "flotilla/eureka/codec.hpp"
#include "flotilla/http/percent.hpp"

namespace flotilla::discovery {

namespace {

using Kind = EurekaCall::Kind;

std::string path_of(const eureka::InstanceInfo& self) {
    const auto segment = [](std::string_view text) {
        return http::percent_encode(text, http::EscapeFor::segment);
    };
    return fmt::format("apps/{}/{}", segment(self.app), segment(self.id()));
}

}  // namespace

EurekaCall fetch_call(Fetch what, std::string_view regions) {
    EurekaCall call;
    call.kind = what == Fetch::full ? Kind::full : Kind::delta;
    call.method = "GET";
    call.path = what == Fetch::full ? "apps/" : "apps/delta";
    if (!regions.empty()) call.path += "?regions=" + http::percent_encode(regions);
    return call;
}

EurekaCall announcement_call(const Announcement& what) {
    EurekaCall call;
    switch (what.kind) {
        case Announcement::Kind::register_:
            call.kind = Kind::register_;
            call.method = "POST";
            call.path = "apps/" + http::percent_encode(what.instance.app, http::EscapeFor::segment);
            call.body = eureka::encode(what.instance, eureka::Format::json);
            break;
        case Announcement::Kind::heartbeat:
            call.kind = Kind::heartbeat;
            call.method = "PUT";
            call.path = fmt::format(
                "{}?status={}&lastDirtyTimestamp={}",
                path_of(what.instance),
                eureka::to_text(what.instance.status),
                what.instance.last_dirty_timestamp
            );
            break;
        case Announcement::Kind::cancel:
            call.kind = Kind::cancel;
            call.method = "DELETE";
            call.path = path_of(what.instance);
            break;
    }
    return call;
}

EurekaCall query_call(const eureka::InstanceInfo& self) {
    return {.kind = Kind::query, .method = "GET", .path = path_of(self), .body = {}};
}

EurekaCall override_call(const eureka::InstanceInfo& self, std::optional<eureka::InstanceStatus> status) {
    const std::string path = path_of(self) + "/status?";
    if (!status) {
        return {
            .kind = Kind::override_,
            .method = "DELETE",
            .path = fmt::format("{}lastDirtyTimestamp={}", path, self.last_dirty_timestamp),
            .body = {}
        };
    }
    return {
        .kind = Kind::override_,
        .method = "PUT",
        .path = fmt::format(
            "{}value={}&lastDirtyTimestamp={}", path, eureka::to_text(*status), self.last_dirty_timestamp
        ),
        .body = {}
    };
}

bool accepts(Kind kind, int status) noexcept {
    if (status / 100 == 2 || status == 302) return true;
    switch (kind) {
        case Kind::register_:
        case Kind::heartbeat:
        case Kind::query:
        case Kind::override_:
            return status == 404;
        case Kind::delta:
            return status == 403 || status == 404;
        case Kind::cancel:
            return true;
        case Kind::full:
            break;
    }
    return false;
}

std::string_view to_text(Kind kind) noexcept {
    switch (kind) {
        case Kind::full:
            return "full fetch";
        case Kind::delta:
            return "delta fetch";
        case Kind::register_:
            return "registration";
        case Kind::heartbeat:
            return "heartbeat";
        case Kind::cancel:
            return "farewell";
        case Kind::query:
            return "query";
        case Kind::override_:
            return "override";
    }
    return "";
}

}  // namespace flotilla::discovery
