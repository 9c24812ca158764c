#include "journey.hpp"

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <new>

#include "flotilla/base/text.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::gateway {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view user_header = "X-User-Id";

/// `3f2a91bc-17`: who numbers the request, and its number.
std::string_view next_id(std::array<char, 24>& room) {
    static const std::string process =
        fmt::format("{:08x}-", static_cast<std::uint32_t>(Random::of_thread()()));
    static std::atomic<std::uint64_t> count{0};
    const std::uint64_t number = count.fetch_add(1, std::memory_order_relaxed) + 1;
    char* const digits = room.data() + process.copy(room.data(), room.size());
    const auto end = std::to_chars(digits, room.data() + room.size(), number % 100'000'000'000).ptr;
    return {room.data(), static_cast<std::size_t>(end - room.data())};
}

/// The path to route by and to send on: as received, without dot segments.
std::string_view path_of(const http::Request& request, std::string& resolved) {
    if (request.head().path_is_plain) return request.raw_path();
    // The parser has checked it.
    resolved = http::resolve_path(request.raw_path(), http::EncodedSlash::keep).value_or("/");
    return resolved;
}

Inbound inbound_of(
    GatewayShared& shared, http::Request& request, std::array<char, 24>& id, std::string& resolved
) {
    return {
        .head = request.head(),
        .path = path_of(request, resolved),
        .peer = request.peer(),
        .secure = request.secure(),
        .now = request.received(),
        .wall = shared.service.runtime().clock().wall_now(),
        .id = next_id(id),
        .random = nullptr
    };
}

}  // namespace

Journey::Journey(GatewayShared& shared, http::Request& request, http::Response& response)
    : shared_(shared),
      request_(request),
      response_(response),
      live_(shared.tables.current()),
      outgoing_(shared.proxy.take_outgoing()),
      exchange_(inbound_of(shared, request, id_, resolved_path_), outgoing_->fields, response) {
    const proxy::CopyRules rules{
        .hop_by_hop = shared.proxy.hop_by_hop(), .drop_trace = true, .drop_forwarded = true
    };
    proxy::copy_request(request.head(), rules, *outgoing_);
    // Services believe this one: it is never the client's.
    if (request.fields().contains(user_header)) outgoing_->fields.remove(user_header);
}

TimePoint Journey::now() const {
    return runtime::EventLoop::current().now();
}

void Journey::flag(std::string_view word) {
    if (auto* const note = request_.access_note(); note && !word.empty()) note->flag(word);
}

JourneyRooms::~JourneyRooms() {
    for (void* room : free_) ::operator delete(room);
}

void* JourneyRooms::take() {
    if (free_.empty()) return ::operator new(sizeof(Journey));
    void* const room = free_.back();
    free_.pop_back();
    return room;
}

void JourneyRooms::give_back(void* room) noexcept {
    constexpr std::size_t most = 256;
    if (free_.size() >= most) {
        ::operator delete(room);
    } else {
        free_.push_back(room);
    }
}

void EndJourney::operator()(Journey* journey) const noexcept {
    journey->~Journey();
    rooms->give_back(journey);
}

JourneyPtr Journey::make(
    JourneyRooms& rooms, GatewayShared& shared, http::Request& request, http::Response& response
) {
    void* const room = rooms.take();
    try {
        return JourneyPtr(new (room) Journey(shared, request, response), EndJourney{&rooms});
    } catch (...) {
        rooms.give_back(room);
        throw;
    }
}

Task<> Journey::run(JourneyPtr journey) {
    Journey& self = *journey;
    Step step = Step::reroute;
    while (step != Step::finished) {
        switch (step) {
            case Step::reroute:
                step = self.route();
                break;
            case Step::read_body:
                step = co_await self.read_body();
                break;
            case Step::call:
                // The usual one goes out without a coroutine of its own.
                if (self.policies().cache && !self.uncached_) {
                    step = co_await self.cached_call();
                } else if (self.policies().retry || self.policies().breaker) {
                    step = co_await self.guarded_call();
                } else {
                    self.begin_call();
                    if (!self.is_admitted()) {
                        step = self.shed();
                        break;
                    }
                    UpstreamPtr upstream = self.known_upstream();
                    Result<proxy::Outcome> outcome;
                    if (!upstream) outcome = co_await self.found_upstream(upstream);
                    if (outcome) {
                        proxy::Call call = self.make_call(*upstream);
                        outcome = co_await self.shared_.proxy.forward(call);
                        self.report(outcome);
                    }
                    step = self.settle(outcome);
                }
                break;
            case Step::local: {
                // A route of the gateway's own answers; filters that were passed on the way see the answer.
                http::Pending pending = self.shared_.service.router().handle(self.request_, self.response_);
                if (pending) co_await std::move(*pending);
                self.run_after();
                step = Step::finished;
                break;
            }
            case Step::finished:
                break;
        }
    }
    self.measure();
}

// ---- routing

const CorsRules* Journey::cors_of(const Route& route) const {
    if (route.cors()) return &*route.cors();
    return live_->cors.empty() ? nullptr : live_->cors.find(exchange_);
}

Journey::Step Journey::judge_cors(const CorsRules* rules) {
    if (!rules) return Step::call;
    const auto verdict = rules->judge(exchange_);
    if (verdict == CorsRules::Verdict::preflight || verdict == CorsRules::Verdict::refused)
        return Step::finished;
    cors_ = rules;
    return Step::call;
}

Journey::Step Journey::route() {
    route_ = live_->table->find(exchange_);
    if (!route_) return answer_without_route();
    means_ = &live_->means[route_->index];
    if (!first_) {
        first_ = route_;
        if (request_.span().recording()) request_.span().tag("gateway.route.id", route_->id());
        if (judge_cors(cors_of(*route_)) == Step::finished) return Step::finished;
        if (live_->versions && judge_version(*live_->versions) == Step::finished) return Step::finished;
    }
    return policies().held_request && !exchange_.body() ? Step::read_body : admit();
}

Journey::Step Journey::judge_version(const ApiVersions& versions) {
    const auto asked = versions.asked_by(exchange_);
    if (asked) return Step::call;
    write_error(400, asked.error().message());
    if (cors_) cors_->decorate(exchange_, exchange_.answer());
    return Step::finished;
}

Journey::Step Journey::admit() {
    if (!route_->before(exchange_)) {
        finish_early();
        return Step::finished;
    }
    if (!exchange_.principal.empty()) request_.principal = exchange_.principal;
    passed_.at(passes_++) = route_;
    if (exchange_.target) return Step::call;
    switch (route_->target().kind) {
        case RouteTarget::Kind::forward:
            return forward(route_->target().path);
        case RouteTarget::Kind::none:
            write_error(500, fmt::format("nobody knows what '{}' is", route_->definition().uri));
            return Step::finished;
        case RouteTarget::Kind::fixed:
        case RouteTarget::Kind::balanced:
            break;
    }
    return Step::call;
}

Journey::Step Journey::answer_without_route() {
    if (shared_.config.cors_everywhere && is_preflight(exchange_)) {
        const CorsRules* rules = live_->cors.empty() ? nullptr : live_->cors.find(exchange_);
        if (rules && judge_cors(rules) == Step::finished) return Step::finished;
    }
    flag("NR");
    write_error(404, fmt::format("No static resource {}.", request_.path().substr(1)));
    return Step::finished;
}

Journey::Step Journey::forward(std::string_view path) {
    if (exchange_.forwards() >= most_forwards) {
        write_error(500, "forwarded in a circle");
        return Step::finished;
    }
    leave_cache();
    exchange_.forward_to(path);
    auto decoded = http::decode_path(exchange_.path(), http::EncodedSlash::keep);
    if (!decoded) {
        write_error(500, "forwarded to what is no path");
        return Step::finished;
    }
    return shared_.service.router().reroute(request_, *std::move(decoded)) ? Step::local : Step::reroute;
}

void Journey::finish_early() {
    // Filters of routes that lie around this one see its answer too.
    for (std::size_t i = passes_; i-- > 0;) passed_[i]->after(exchange_, exchange_.answer());
    if (cors_) cors_->decorate(exchange_, exchange_.answer());
    const int status = exchange_.answer().status();
    if (status == 401) flag("UAEX");
    if (status == 429) flag("RL");
    if (status >= 500 && response_.text().value_or("").empty()) write_error(status, "");
}

// ---- the answer

proxy::Verdict Journey::on_answer(http::Response& response) {
    const int status = http::code_of(response.status());
    invalidate(status);
    held_ = false;
    if (may_retry() && policies().retry->covers_status(status) && take_retry()) {
        retry_status_ = true;
        return proxy::Verdict::discard;
    }
    if (admitted_) admitted_.succeeded(now());
    if (policies().breaker && policies().breaker->covers_status(status) &&
        !policies().breaker->resume_without_error) {
        breaker_status_ = true;
        return proxy::Verdict::discard;
    }
    if (const auto verdict = cache_verdict(status)) return *verdict;
    held_ = wants_whole(response);
    if (held_) return proxy::Verdict::hold;
    praise();
    return run_after() ? proxy::Verdict::relay : proxy::Verdict::discard;
}

void Journey::on_switch() {
    // From here on it may stay for hours.
    if (admitted_) admitted_.succeeded(now());
    praise();
}

void Journey::praise() {
    if (!permit_) return;
    const TimePoint at = now();
    permit_.succeeded(at);
    means_->time_limiter->succeeded(at);
}

bool Journey::run_after() {
    Answer answer(response_);
    if (policies().held_answer && !std::holds_alternative<std::monostate>(response_.body())) {
        answer.held = true;
        if (!decode_answer()) answer.fail(502);
    }
    for (std::size_t i = passes_; i-- > 0 && answer.failure == 0;) passed_[i]->after(exchange_, answer);
    if (answer.failure != 0) {
        response_.clear();
        write_error(answer.failure, "");
        return false;
    }
    if (cors_) cors_->decorate(exchange_, answer);
    return true;
}

void Journey::forget_answer() {
    const bool has_kept = policies().retry || policies().breaker || policies().cache;
    response_.clear();
    if (has_kept && kept_fields_) response_.headers() = *kept_fields_;
}

void Journey::write_error(int status, std::string_view message) {
    response_.status(static_cast<http::Status>(status));
    const auto& errors = shared_.service.router().errors();
    const std::string_view accept = request_.header(http::KnownField::accept);
    if (icontains(accept, "text/html") || icontains(accept, "problem+json")) {
        errors.render(
            request_,
            {.status = static_cast<http::Status>(status), .message = std::string(message)},
            response_
        );
    } else {
        response_.set_body("application/json", error_json(status, message));
    }
    if (cors_) cors_->decorate(exchange_, exchange_.answer());
}

std::string Journey::error_json(int status, std::string_view message) const {
    const auto& errors = shared_.service.router().errors();
    Json json = Json::object(
        {{"timestamp", format_iso_millis(exchange_.inbound().wall, "+00:00")},
         {"path", exchange_.inbound().path},
         {"status", status},
         {"error", http::reason_phrase(status)}}
    );
    if (!message.empty() && errors.config().include_message == http::IncludeAttribute::always)
        json["message"] = message;
    json["requestId"] = exchange_.inbound().id;
    return json.text();
}

void Journey::measure() {
    if (!shared_.config.metrics || !first_) return;
    static constexpr std::string_view outcomes[] = {
        "UNKNOWN", "INFORMATIONAL", "SUCCESSFUL", "REDIRECTION", "CLIENT_ERROR", "SERVER_ERROR"
    };
    const int status = http::code_of(response_.status());
    const auto method = request_.method();
    const auto key = metrics::cache_key(
        first_->index, static_cast<std::uint64_t>(status), static_cast<std::uint64_t>(method)
    );
    metrics::Timer timer = live_->timers.get(key, [&] {
        std::string name = to_upper(http::reason_phrase(status));
        for (char& c : name)
            if (c == ' ' || c == '-') c = '_';
        std::erase(name, '\'');
        const auto series = static_cast<std::size_t>(status / 100);
        return shared_.service.meters().timer(
            "spring.cloud.gateway.requests",
            {{"routeId", first_->id()},
             {"routeUri", first_->uri_text()},
             {"outcome", std::string(outcomes[series < 6 ? series : 0])},
             {"status", name.empty() ? std::to_string(status) : name},
             {"httpStatusCode", std::to_string(status)},
             {"httpMethod",
              method == http::Method::other ? std::string("UNKNOWN") : std::string(request_.method_text())}}
        );
    });
    timer.record(now() - request_.received());
}

}  // namespace flotilla::gateway
