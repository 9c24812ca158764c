#include "flotilla/discovery/health_check.hpp"

#include <algorithm>
#include <set>

#include "flotilla/http/client.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

/// New clusters, new instances and due checks are looked for so often.
constexpr Duration look_every = 250ms;

}  // namespace

std::vector<std::string> CheckSchedule::due(const std::vector<std::string>& there, TimePoint now) {
    std::vector<std::string> turn;
    std::map<std::string, Check, std::less<>> kept;
    for (const std::string& id : there) {
        const auto known = checks_.find(id);
        Check check = known == checks_.end() ? Check{.due = now + config_.initial_delay} : known->second;
        if (!check.asked && now >= check.due) {
            check.asked = true;
            turn.push_back(id);
        }
        kept.emplace(id, check);
    }
    checks_ = std::move(kept);
    return turn;
}

std::optional<bool> CheckSchedule::answered(const std::string& id, bool well, TimePoint now) {
    const auto found = checks_.find(id);
    if (found == checks_.end()) return std::nullopt;
    Check& check = found->second;
    check.asked = false;
    const double share = 0.9 + 0.1 * random_.unit();
    const auto pause = static_cast<double>(Duration(config_.interval).count()) * share;
    check.due =
        config_.repeat_health_check ? now + Duration(static_cast<std::int64_t>(pause)) : TimePoint::max();
    if (well == check.well) {
        check.against = 0;
        // A good answer also ends an ejection.
        return well ? std::optional(true) : std::nullopt;
    }
    ++check.against;
    const std::uint32_t enough = well ? config_.healthy_threshold : config_.unhealthy_threshold;
    if (check.against < enough) return std::nullopt;
    check.well = well;
    check.against = 0;
    return well;
}

struct HealthChecker::Impl {
    struct Watched {
        HealthCheckConfig config;
        CheckSchedule schedule;
    };

    Impl(Means given, LoadBalancer& of, Configs settings)
        : means(given),
          balancer(of),
          configs(std::move(settings)),
          client(means.runtime, client_config(means.runtime.size()), {}) {}

    static http::ClientConfig client_config(std::size_t loops) {
        http::ClientConfig config;
        config.name = "health-check";
        // All on one loop, which has an even share of what is allowed.
        config.pool.max_connections = 256 * loops;
        config.max_response_size = Bytes::mega(1);
        config.send_deadline = false;
        return config;
    }

    [[nodiscard]] TimePoint now() const { return means.runtime.clock().now(); }

    Task<int> look(runtime::TaskScope& scope);
    void look_at(Cluster& cluster, runtime::TaskScope& scope);
    static Task<> ask(Impl* impl, Cluster* cluster, ServiceInstance instance);

    const Means means;
    LoadBalancer& balancer;
    const Configs configs;
    http::Client client;
    std::map<Cluster*, Watched> watched;
};

Task<int> HealthChecker::Impl::look(runtime::TaskScope& scope) {
    for (;;) {
        for (Cluster* cluster : balancer.clusters()) look_at(*cluster, scope);
        co_await runtime::sleep_for(look_every);
    }
}

void HealthChecker::Impl::look_at(Cluster& cluster, runtime::TaskScope& scope) {
    auto found = watched.find(&cluster);
    if (found == watched.end()) {
        const HealthCheckConfig config = configs(cluster.service());
        found =
            watched.emplace(&cluster, Watched{config, CheckSchedule(config, Random::from_system())}).first;
    }
    Watched& own = found->second;
    if (!own.config.enabled || own.config.path.empty()) return;
    const auto members = cluster.members();
    std::vector<std::string> ids;
    ids.reserve(members.size());
    for (const MemberRef& member : members) ids.push_back(member->instance().id);
    const auto turn = own.schedule.due(ids, now());
    for (const MemberRef& member : members) {
        const ServiceInstance& instance = member->instance();
        if (std::find(turn.begin(), turn.end(), instance.id) != turn.end())
            scope.spawn("health-check", ask(this, &cluster, instance));
    }
}

Task<> HealthChecker::Impl::ask(Impl* impl, Cluster* cluster, ServiceInstance instance) {
    Watched& own = impl->watched.at(cluster);
    if (own.config.port != 0) instance.port = own.config.port;
    auto request = http::ClientRequest::get(instance.uri() + own.config.path);
    request.timeout(std::min<std::chrono::milliseconds>(own.config.interval, 10s));
    const auto answer = co_await impl->client.send(std::move(request));
    const bool well = answer && answer->status() == 200;
    if (const auto verdict = own.schedule.answered(instance.id, well, impl->now()))
        cluster->checked(instance.id, *verdict, impl->now());
}

HealthChecker::HealthChecker(Means means, LoadBalancer& balancer, Configs configs)
    : impl_(std::make_unique<Impl>(means, balancer, std::move(configs))) {}

HealthChecker::~HealthChecker() = default;

Task<> HealthChecker::run() {
    const std::function<Task<int>(runtime::TaskScope&)> body = [impl = impl_.get()](runtime::TaskScope& scope
                                                               ) { return impl->look(scope); };
    (void)co_await runtime::in_scope(runtime::EventLoop::current(), body);
}

}  // namespace flotilla::discovery
