// Reads of many instances at once, and what is pushed.

#include <algorithm>
#include <chrono>

#include "eureka_api.hpp"
#include "eureka_request.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::registry {

using eureka::Detail;
using eureka::Format;
using http::Status;

namespace {

constexpr std::chrono::seconds longest_poll{300};
constexpr std::chrono::seconds keep_alive_comment{15};
/// A burst of changes is told in few events, not in thousands.
constexpr std::chrono::milliseconds between_events{50};

}  // namespace

http::Response EurekaApi::applications(Request& request, const Wanted& wanted) {
    if (!reads_are_open()) return error(request, Status::forbidden);
    return prepared(registry_.full(wanted.form()), wanted.collection);
}

http::Response EurekaApi::application(Request& request, const Wanted& wanted) {
    if (!reads_are_open()) return error(request, Status::forbidden);
    const auto application = registry_.with([app = app_of(request)](InstanceRegistry& core, Moment) {
        return core.application_anywhere(app);
    });
    if (!application) return error(request, Status::not_found);
    return written(
        eureka::encode(*application, wanted.collection, wanted.detail), wanted.collection, wanted.gzip
    );
}

http::Response EurekaApi::by_vip(Request& request, const Wanted& wanted, bool secure) {
    if (!reads_are_open()) return error(request, Status::forbidden);
    const std::string vip(request.path_parameter("vip").value_or(""));
    const auto matching = registry_.with([&](InstanceRegistry& core, Moment) {
        return core.by_vip(vip, secure, registry_.regions().usual());
    });
    return written(
        eureka::encode(matching, wanted.collection, wanted.detail), wanted.collection, wanted.gzip
    );
}

http::Response EurekaApi::vips(Request& request, const Wanted& wanted) {
    return by_vip(request, wanted, false);
}

http::Response EurekaApi::secure_vips(Request& request, const Wanted& wanted) {
    return by_vip(request, wanted, true);
}

Task<http::Response> EurekaApi::delta(Request& request) {
    callers_.count(request);
    const auto wanted = negotiate(request);
    if (!wanted) co_return error(request, Status::not_acceptable);
    if (registry_.config().disable_delta || !reads_are_open()) co_return error(request, Status::forbidden);

    const auto since = request.query_parameter("since");
    const auto seen = since ? since : request.query_parameter("version");
    const auto wait = request.query_parameter("wait");
    if (!seen) co_return prepared(registry_.delta(wanted->form()), wanted->collection);

    const auto version = parse_integer<std::uint64_t>(*seen);
    if (!version) co_return error(request, Status::bad_request, "not a version: " + *seen);
    const bool known = *version <= registry_.watch().version();
    if (wait && known) {
        const auto longest = parse_duration(*wait, std::chrono::seconds(1));
        if (!longest) co_return error(request, Status::bad_request, longest.error().message());
        const Deadline deadline =
            Deadline::after(registry_.clock().now(), std::min<Duration>(*longest, longest_poll));
        co_await registry_.watch().beyond(*version, deadline);
    }
    std::uint64_t now = *version;
    PreparedDocument document = registry_.delta_since(now, wanted->form());
    if (!document.text) {
        // Who polls gets what there is and sees by the hash code that it is not enough.
        if (since) co_return error(request, Status::gone, "changes after " + *seen + " are no longer known");
        document = registry_.delta(wanted->form());
    }
    co_return prepared(document, wanted->collection);
}

http::Response EurekaApi::stream(Request& request) {
    if (!reads_are_open()) return error(request, Status::forbidden);
    std::optional<std::uint64_t> since;
    if (const auto text = request.query_parameter("since")) since = parse_integer<std::uint64_t>(*text);
    if (const auto last = request.header("Last-Event-ID"); !last.empty())
        since = parse_integer<std::uint64_t>(last);
    Response response;
    response.events([this, since, regions = regions_of(request)](http::EventStream& events) {
        return push(events, since, regions);
    });
    return response;
}

Task<> EurekaApi::push(http::EventStream& events, std::optional<std::uint64_t> since, RegionSet regions) {
    const SharedRegistry::Form form{.regions = regions};
    ChangeWatch& watch = registry_.watch();
    std::uint64_t version = since.value_or(0);
    bool whole = !since;
    while (!watch.closed() && !events.closed()) {
        PreparedDocument document;
        if (!whole) document = registry_.delta_since(version, form);
        whole = !document.text;
        if (whole) {
            // Changes that come while it is written are told once more, which does no harm.
            version = watch.version();
            document = registry_.full(form);
        }
        const std::string id = std::to_string(version);
        const std::string_view kind = whole ? "full" : "delta";
        whole = false;
        const http::SseEvent event{.data = *document.text, .event = kind, .id = id};
        const auto sent = co_await events.send(event);
        if (!sent) co_return;
        co_await runtime::sleep_for(between_events);
        while (watch.version() <= version && !watch.closed()) {
            const Deadline deadline = Deadline::after(registry_.clock().now(), keep_alive_comment);
            const std::uint64_t now = co_await watch.beyond(version, deadline);
            if (now > version || watch.closed()) break;
            const auto alive = co_await events.comment("nothing new");
            if (!alive) co_return;
        }
    }
}

}  // namespace flotilla::registry
