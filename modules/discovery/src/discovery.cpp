#include "flotilla/discovery/discovery.hpp"

#include <memory>

#include "flotilla/base/text.hpp"
#include "flotilla/discovery/error.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::discovery {

Task<Result<Snapshot>> Discovery::find(std::string service, Deadline deadline) {
    Snapshot now = instances(service);
    if (now->known) co_return now;
    // What the listener needs lives as long as either of us.
    auto changed = std::make_shared<runtime::Signal>();
    runtime::EventLoop& home = runtime::EventLoop::current();
    const std::string key = to_lower(service);
    const ListSubscription subscription = subscribe([changed, key, &home](const Snapshot& list) {
        if (list->service == key) home.post([changed] { changed->notify_all(); });
    });
    for (now = instances(service); !now->known; now = instances(service)) {
        const runtime::Wake why = co_await changed->wait(deadline);
        if (why != runtime::Wake::ready) {
            co_return fail(DiscoveryErrc::unreachable, service + ": nothing is known of it yet");
        }
    }
    co_return now;
}

}  // namespace flotilla::discovery
