#include "consul_client.hpp"

#include <fmt/format.h>

#include <functional>
#include <mutex>

#include "flotilla/base/text.hpp"
#include "flotilla/discovery/error.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/reflect/json.hpp"
#include "watching_client.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;
using reflect::Json;

/// A registration without a heartbeat is looked at so often.
constexpr Duration look_at_self = 30s;

std::string text_of(const Json& value) {
    return std::string(value.string_or(""));
}

std::string segment(std::string_view text) {
    return http::percent_encode(text, http::EscapeFor::segment);
}

ServiceInstance instance_of(const Json& entry) {
    const Json& service = entry["Service"];
    ServiceInstance out;
    out.id = text_of(service["ID"]);
    out.service = text_of(service["Service"]);
    out.host = text_of(service["Address"]);
    if (out.host.empty()) out.host = text_of(entry["Node"]["Address"]);
    const auto port = service["Port"].as_int64().value_or(0);
    out.port = port > 0 && port <= 65535 ? static_cast<std::uint16_t>(port) : 0;
    for (const auto& [key, value] : service["Meta"].members()) out.metadata[key] = text_of(value);
    // Older clients write their metadata as tags.
    for (const Json& tag : service["Tags"].elements()) {
        const std::string_view text = tag.string_or("");
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos && equals > 0)
            out.metadata.try_emplace(std::string(text.substr(0, equals)), text.substr(equals + 1));
    }
    out.secure = iequals(out.value("secure"), "true");
    const auto weight = service["Weights"]["Passing"].as_int64().value_or(1);
    if (weight > 1) out.metadata.try_emplace("weight", std::to_string(weight));
    return out;
}

/// Letters, digits and dashes, as Spring makes ids.
std::string normalised(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = is_ascii_alpha(c) || is_ascii_digit(c);
        if (plain || (!out.empty() && out.back() != '-')) out.push_back(plain ? c : '-');
    }
    while (out.ends_with('-')) out.pop_back();
    return out;
}

class ConsulClient final : public WatchingClient {
public:
    ConsulClient(Means means, ConsulConfig config, ConsulDiscoveryConfig discovery)
        : WatchingClient(means, discovery.enabled && discovery.register_),
          config_(std::move(config)),
          discovery_(std::move(discovery)),
          client_(
              means.runtime,
              client_config(discovery_, means.runtime.size()),
              {.meters = means.meters, .tracer = nullptr, .log = means.log}
          ),
          base_(fmt::format("{}://{}:{}", config_.scheme, config_.host, config_.port)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "consul"; }

    [[nodiscard]] std::vector<std::string> services() const override {
        const std::lock_guard lock(names_mutex_);
        return names_;
    }

private:
    static http::ClientConfig client_config(const ConsulDiscoveryConfig& discovery, std::size_t loops) {
        http::ClientConfig config;
        config.name = "consul";
        // Consul adds up to a sixteenth to the time that it holds a question.
        config.timeouts.response = discovery.watch_time + discovery.watch_time / 16 + 5s;
        config.timeouts.total = config.timeouts.response + 10s;
        // Each service that is watched holds one, all on one loop, which has an even share of what is
        // allowed.
        config.pool.max_connections = config.pool.max_connections_per_host = 512 * loops;
        config.send_deadline = false;
        return config;
    }

    [[nodiscard]] http::ClientRequest request(std::string_view method, const std::string& path) const {
        http::ClientRequest out(method, base_ + path);
        if (!config_.token.empty()) out.header("X-Consul-Token", config_.token);
        return out;
    }

    /// Asks until there is news, and for what there is.
    Task<Result<std::string>> query(std::string path, ConsulIndex& index) {
        auto question = request("GET", path);
        if (index.value() != 0) {
            question.query("index", std::to_string(index.value()));
            question.query("wait", fmt::format("{}s", discovery_.watch_time.count()));
        }
        auto answer = co_await client_.send(std::move(question));
        if (!answer) co_return fail(answer.error());
        if (answer->status() != 200)
            co_return fail(DiscoveryErrc::refused, fmt::format("status {}", answer->status()));
        index.arrived(answer->header("X-Consul-Index"));
        co_return std::move(*answer).body();
    }

    /// Takes in what an answer says, or tells what is wrong with it.
    using Take = std::function<Result<void>(const std::string& body)>;

    /// Asks again and again; `what` names it in the log.
    Task<> follow(std::string path, std::string what, Take take) {
        ConsulIndex index;
        BackOff pauses(Random::from_system());
        bool in_trouble = false;
        for (;;) {
            const auto body = co_await query(path, index);
            const auto taken = body ? take(*body) : fail(body.error());
            if (!taken) {
                index.reset();
                note(what, taken.error(), in_trouble);
                co_await runtime::sleep_for(pauses.next());
                continue;
            }
            pauses.reset();
            in_trouble = false;
            // Whoever does not block must not be asked without end.
            if (index.value() == 0) co_await runtime::sleep_for(5s);
        }
    }

    Task<> watch(std::string service) override {
        std::string path = "/v1/health/service/" + segment(service);
        if (discovery_.query_passing) path += "?passing=true";
        if (!discovery_.default_query_tag.empty())
            path += (discovery_.query_passing ? "&tag=" : "?tag=") +
                    http::percent_encode(discovery_.default_query_tag);
        return follow(std::move(path), service, [this, service](const std::string& body) {
            return take_instances(service, body);
        });
    }

    /// Keeps up with the names of services.
    Task<> attend() override {
        return follow("/v1/catalog/services", "catalog", [this](const std::string& body) {
            return take_names(body);
        });
    }

    Result<void> take_instances(const std::string& service, const std::string& body) {
        FLT_TRY(auto found, consul_instances(body));
        publish(service, std::move(found));
        return {};
    }

    Result<void> take_names(const std::string& body) {
        FLT_TRY(const auto catalog, reflect::parse_json(body));
        std::vector<std::string> names;
        for (const auto& [name, tags] : catalog.members()) names.push_back(name);
        const std::lock_guard lock(names_mutex_);
        names_ = std::move(names);
        return {};
    }

    Result<void> prepare(const SelfDescription& self) override {
        registration_ = consul_registration(discovery_, self);
        id_ = text_of(registration_["ID"]);
        return {};
    }

    Task<Result<void>> tell(std::string path, std::string body = {}) {
        auto word = request("PUT", path);
        if (!body.empty()) word.body(std::move(body), "application/json");
        const auto answer = co_await client_.send(std::move(word));
        if (!answer) co_return fail(answer.error());
        if (!answer->ok())
            co_return fail(
                DiscoveryErrc::refused, fmt::format("status {}: {}", answer->status(), answer->body())
            );
        co_return Result<void>();
    }

    Task<Result<void>> enroll() override {
        std::string body = registration_.text();
        FLT_CO_CHECK(co_await tell("/v1/agent/service/register", std::move(body)));
        if (discovery_.heartbeat.enabled)
            co_return co_await tell("/v1/agent/check/pass/service:" + segment(id_));
        co_return Result<void>();
    }

    Task<Result<void>> renew() override {
        if (discovery_.heartbeat.enabled)
            co_return co_await tell("/v1/agent/check/pass/service:" + segment(id_));
        const auto answer = co_await client_.send(request("GET", "/v1/agent/service/" + segment(id_)));
        if (!answer) co_return fail(answer.error());
        if (answer->status() != 200) co_return fail(Errc::not_found, "the agent does not know this service");
        co_return Result<void>();
    }

    [[nodiscard]] Duration renewal() const override {
        // Three heartbeats in a time to live, as two may be lost.
        return discovery_.heartbeat.enabled ? Duration(discovery_.heartbeat.ttl) / 3 : look_at_self;
    }

    Task<Result<void>> withdraw() override {
        if (!discovery_.deregister) co_return Result<void>();
        co_return co_await tell("/v1/agent/service/deregister/" + segment(id_));
    }

    const ConsulConfig config_;
    const ConsulDiscoveryConfig discovery_;
    http::Client client_;
    const std::string base_;
    Json registration_;
    std::string id_;
    mutable std::mutex names_mutex_;
    std::vector<std::string> names_;
};

}  // namespace

void ConsulIndex::arrived(std::string_view text) noexcept {
    const auto next = parse_integer<std::uint64_t>(text).value_or(0);
    value_ = next < value_ ? 0 : next;
}

Result<std::vector<ServiceInstance>> consul_instances(std::string_view body) {
    FLT_TRY(const Json document, reflect::parse_json(body));
    if (!document.is_array()) return fail(Errc::malformed, "expected a list of instances");
    std::vector<ServiceInstance> out;
    for (const Json& entry : document.elements()) {
        ServiceInstance instance = instance_of(entry);
        if (!instance.id.empty() && !instance.host.empty() && instance.port != 0)
            out.push_back(std::move(instance));
    }
    return out;
}

Json consul_registration(const ConsulDiscoveryConfig& config, const SelfDescription& self) {
    const auto or_else = [](const std::string& text, const std::string& otherwise) {
        return text.empty() ? otherwise : text;
    };
    const std::string address = or_else(config.ip_address, self.ip_address);
    const std::string host = config.prefer_ip_address ? address : or_else(config.hostname, self.host_name);
    const std::uint16_t port = config.port != 0 ? config.port : self.port;
    const std::string service = normalised(or_else(config.service_name, self.application));
    const std::string id =
        normalised(or_else(config.instance_id, fmt::format("{}-{}-{}", self.application, host, port)));
    const std::string scheme = self.secure ? "https" : "http";

    Json meta = Json::object();
    for (const auto& [key, value] : config.metadata) meta.set(key, value);
    if (!config.instance_zone.empty()) meta.set("zone", config.instance_zone);
    meta.set("secure", std::string(self.secure ? "true" : "false"));
    if (self.management_port != 0) meta.set("management_port", std::to_string(self.management_port));

    Json out = Json::object();
    out.set("ID", id).set("Name", service).set("Tags", config.tags).set("Address", host).set("Port", port);
    out.set("Meta", std::move(meta));
    Json check = Json::object();
    if (config.heartbeat.enabled) {
        check.set("TTL", fmt::format("{}s", config.heartbeat.ttl.count()));
    } else if (config.register_health_check) {
        const std::uint16_t at = self.management_port != 0 ? self.management_port : port;
        const std::string path = or_else(config.health_check_path, self.operations_path + "/health");
        check.set(
            "HTTP", or_else(config.health_check_url, fmt::format("{}://{}:{}{}", scheme, host, at, path))
        );
        check.set("Interval", config.health_check_interval);
        if (!config.health_check_timeout.empty()) check.set("Timeout", config.health_check_timeout);
    }
    if (check.empty()) return out;
    if (!config.health_check_critical_timeout.empty())
        check.set("DeregisterCriticalServiceAfter", config.health_check_critical_timeout);
    out.set("Check", std::move(check));
    return out;
}

std::unique_ptr<RegistryClient> make_consul_client(
    Means means, ConsulConfig config, ConsulDiscoveryConfig discovery
) {
    return std::make_unique<ConsulClient>(means, std::move(config), std::move(discovery));
}

}  // namespace flotilla::discovery
