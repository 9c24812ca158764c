#include <map>
#include <utility>

#include "flotilla/actuator/resilience_endpoints.hpp"
#include "flotilla/http/body.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/http/sse.hpp"
#include "flotilla/resilience/management.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;
using resilience::CircuitBreaker;
using resilience::Event;

constexpr std::string_view events_type = "text/event-stream;charset=UTF-8";
constexpr Duration look_interval = 50ms;
constexpr int looks_per_ping = 20;

/// What a client has not seen yet, by looking at what the breakers keep: calls pay nothing for it. More than
/// they keep between two looks is skipped.
class EventReader {
public:
    struct Seen {
        CircuitBreaker* breaker;
        Event event;
    };

    explicit EventReader(resilience::Policies& policies) : policies_(policies) {
        for (CircuitBreaker* breaker : policies_.circuit_breakers().all()) {
            last_[breaker] = breaker->events().published();
        }
    }

    /// By breaker, oldest first.
    std::vector<Seen> look() {
        std::vector<Seen> seen;
        for (CircuitBreaker* breaker : policies_.circuit_breakers().all()) {
            for (Event& event : breaker->events().since(last_[breaker])) {
                seen.push_back({breaker, std::move(event)});
            }
        }
        return seen;
    }

private:
    resilience::Policies& policies_;
    std::map<CircuitBreaker*, std::uint64_t> last_;
};

}  // namespace

struct ResilienceStreams::Shared {
    Shared(resilience::Policies& of, Duration every) : policies(of), hystrix(of), interval(every) {}

    resilience::Policies& policies;
    resilience::HystrixMetrics hystrix;
    Duration interval;
    std::atomic<int> hystrix_clients{0};
    std::atomic<bool> stopped{false};

    /// One of the few clients that there may be, while it is held.
    struct Place {
        explicit Place(std::shared_ptr<Shared> of) : shared(std::move(of)) {}

        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        ~Place() { shared->hystrix_clients.fetch_sub(1); }

        std::shared_ptr<Shared> shared;
    };

    static Task<> write_hystrix(std::shared_ptr<Place> place, http::BodyWriter& body);
    static Task<> write_events(std::shared_ptr<Shared> shared, bool with_metrics, http::BodyWriter& body);
    static std::string event_text(Shared& shared, const EventReader::Seen& seen, bool with_metrics);
    static void answer_hystrix(const std::shared_ptr<Shared>& shared, http::Response& response);
};

Task<> ResilienceStreams::Shared::write_hystrix(std::shared_ptr<Place> place, http::BodyWriter& body) {
    Shared& shared = *place->shared;
    std::string text = "ping: \n\n";
    while (!shared.stopped && !body.closed()) {
        const Clock& clock = shared.policies.clock();
        for (const std::string& document : shared.hystrix.documents(clock.now(), clock.wall_now())) {
            text.append("data: ").append(document).append("\n\n");
        }
        text += "ping: \n\n";
        const auto written = co_await body.write(text);
        if (!written) co_return;
        const auto flushed = co_await body.flush();
        if (!flushed) co_return;
        text.clear();
        co_await runtime::sleep_for(shared.interval);
    }
}

std::string ResilienceStreams::Shared::event_text(
    Shared& shared, const EventReader::Seen& seen, bool with_metrics
) {
    const Clock& clock = shared.policies.clock();
    Json data = resilience::circuit_breaker_event_json(seen.breaker->name(), seen.event, clock);
    if (with_metrics) {
        const Json all = resilience::circuit_breakers_json(shared.policies, clock.now());
        const Json& figures = all["circuitBreakers"][seen.breaker->name()];
        data.set("metrics", figures);
        data.set("currentState", figures["state"]);
        data.set("failureRateThreshold", figures["failureRateThreshold"]);
        data.set("slowCallRateThreshold", figures["slowCallRateThreshold"]);
    }
    const std::string json = data.text();
    std::string text;
    http::append_event(text, {.data = json, .event = to_string(seen.event.type), .id = seen.breaker->name()});
    return text;
}

Task<> ResilienceStreams::Shared::write_events(
    std::shared_ptr<Shared> shared, bool with_metrics, http::BodyWriter& body
) {
    EventReader reader(shared->policies);
    for (int round = 0; !shared->stopped && !body.closed(); ++round) {
        std::string text;
        if (round % looks_per_ping == 0) text = "event:ping\n\n";
        for (const EventReader::Seen& seen : reader.look()) text += event_text(*shared, seen, with_metrics);
        if (!text.empty()) {
            const auto written = co_await body.write(text);
            if (!written) co_return;
            const auto flushed = co_await body.flush();
            if (!flushed) co_return;
        }
        co_await runtime::sleep_for(look_interval);
    }
}

void ResilienceStreams::Shared::answer_hystrix(
    const std::shared_ptr<Shared>& shared, http::Response& response
) {
    auto place = std::make_shared<Place>(shared);
    if (shared->hystrix_clients.fetch_add(1) >= max_hystrix_clients) {
        response.status(http::Status::service_unavailable)
            .set_body(
                "text/plain", "MaxConcurrentConnections reached: " + std::to_string(max_hystrix_clients)
            );
        return;
    }
    response.set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate");
    response.set("Pragma", "no-cache");
    response.stream(events_type, [place = std::move(place)](http::BodyWriter& body) {
        return write_hystrix(place, body);
    });
}

ResilienceStreams::ResilienceStreams(resilience::Policies& policies, Duration interval)
    : shared_(std::make_shared<Shared>(policies, interval)) {}

ResilienceStreams::~ResilienceStreams() = default;

resilience::HystrixMetrics& ResilienceStreams::hystrix() noexcept {
    return shared_->hystrix;
}

void ResilienceStreams::mount(http::Router& router) {
    router.get("/hystrix.stream", [shared = shared_]() {
        http::Response response;
        Shared::answer_hystrix(shared, response);
        return response;
    });
}

void ResilienceStreams::stop() noexcept {
    shared_->stopped = true;
}

std::vector<Endpoint> ResilienceStreams::endpoints() {
    std::vector<Endpoint> endpoints;
    for (const bool with_metrics : {false, true}) {
        Operation::Function read = [shared = shared_, with_metrics](const Call&) {
            return Answer::stream(std::string(events_type), [shared, with_metrics](http::BodyWriter& body) {
                return Shared::write_events(shared, with_metrics, body);
            });
        };
        Endpoint endpoint;
        endpoint.id = with_metrics ? "hystrixstreamcircuitbreakerevents" : "streamcircuitbreakerevents";
        endpoint.operations.push_back({.run = std::move(read), .negotiates = true});
        endpoints.push_back(std::move(endpoint));
    }
    return endpoints;
}

}  // namespace flotilla::actuator
