#include "dns_client.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <optional>

#include "flotilla/base/text.hpp"
#include "flotilla/runtime/endpoint.hpp"
#include "watching_client.hpp"

namespace flotilla::discovery {

namespace {

using namespace std::chrono_literals;

constexpr Duration soonest = 1s;
constexpr std::uint16_t dns_port = 53;
/// For UDP and each of its repetitions.
constexpr int seconds_per_try = 2;
constexpr int tries = 2;

Result<std::optional<runtime::Endpoint>> server_of(const DnsConfig& config) {
    if (config.server.empty()) return std::optional<runtime::Endpoint>();
    std::string_view host = config.server;
    std::uint16_t port = dns_port;
    const std::size_t colon = host.rfind(':');
    const bool bare_v6 = !host.starts_with('[') && std::count(host.begin(), host.end(), ':') > 1;
    if (colon != std::string_view::npos && !host.ends_with(']') && !bare_v6) {
        port = parse_integer<std::uint16_t>(host.substr(colon + 1)).value_or(0);
        host = host.substr(0, colon);
    }
    auto endpoint = runtime::Endpoint::parse(host, port);
    if (!endpoint || port == 0 || endpoint->is_v6())
        return fail(
            Errc::invalid_argument, "flotilla.discovery.dns.server: expected an IPv4 address and a port"
        );
    return std::optional(*endpoint);
}

/// The resolver of the C library with a state of its own.
class Asker {
public:
    Asker() { ready_ = ::res_ninit(&state_) == 0; }

    ~Asker() {
        if (ready_) ::res_nclose(&state_);
    }

    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    void use(const runtime::Endpoint& server) noexcept {
        std::memcpy(&state_.nsaddr_list[0], server.data(), sizeof(sockaddr_in));
        state_.nscount = 1;
    }

    Result<DnsAnswer> ask(const std::string& name, int type) {
        if (!ready_) return fail(Errc::unavailable, "the resolver cannot be set up");
        state_.retrans = seconds_per_try;
        state_.retry = tries;
        std::vector<unsigned char> answer(NS_MAXMSG);
        const int size = ::res_nquery(
            &state_, name.c_str(), ns_c_in, type, answer.data(), static_cast<int>(answer.size())
        );
        if (size >= 0) return parse_dns_answer({answer.data(), static_cast<std::size_t>(size)});
        if (state_.res_h_errno == HOST_NOT_FOUND || state_.res_h_errno == NO_DATA) return DnsAnswer{};
        return fail(Errc::unavailable, name + ": no DNS server answers");
    }

private:
    struct __res_state state_{};
    bool ready_ = false;
};

class DnsClient final : public WatchingClient {
public:
    DnsClient(Means means, DnsConfig config, DnsLookup lookup)
        : WatchingClient(means, false), config_(std::move(config)), lookup_(std::move(lookup)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "dns"; }

private:
    Task<> watch(std::string service) override {
        BackOff pauses(Random::from_system());
        Random random = Random::from_system();
        bool in_trouble = false;
        for (;;) {
            const auto answer = co_await ask(dns_name(config_, service));
            if (!answer) {
                note(service, answer.error(), in_trouble);
                co_await runtime::sleep_for(pauses.next());
                continue;
            }
            pauses.reset();
            in_trouble = false;
            publish(service, dns_instances(service, *answer, config_));
            Duration pause = config_.refresh;
            if (answer->time_to_live > 0s) pause = std::min<Duration>(pause, answer->time_to_live);
            pause = std::max(pause, soonest);
            pause = Duration(
                static_cast<std::int64_t>(static_cast<double>(pause.count()) * (1.0 - 0.1 * random.unit()))
            );
            co_await runtime::sleep_for(pause);
        }
    }

    Task<Result<DnsAnswer>> ask(std::string wanted) {
        struct Ask {
            DnsLookup lookup;
            std::string name;
            DnsRecord record;

            Result<DnsAnswer> operator()() const { return lookup(name, record); }
        };

        Ask work{lookup_, std::move(wanted), config_.record};
        co_return co_await means_.runtime.blocking(std::move(work));
    }

    // Nothing is announced.
    Result<void> prepare(const SelfDescription&) override { return {}; }

    Task<Result<void>> enroll() override { co_return Result<void>(); }

    Task<Result<void>> renew() override { co_return Result<void>(); }

    [[nodiscard]] Duration renewal() const override { return 1h; }

    Task<Result<void>> withdraw() override { co_return Result<void>(); }

    const DnsConfig config_;
    const DnsLookup lookup_;
};

}  // namespace

std::string dns_name(const DnsConfig& config, std::string_view service) {
    return replace_all(config.name, "{service}", to_lower(service));
}

std::vector<ServiceInstance> dns_instances(
    const std::string& service, const DnsAnswer& answer, const DnsConfig& config
) {
    std::vector<ServiceInstance> out;
    const auto add = [&](const std::string& host, std::uint16_t port, std::uint16_t weight) {
        ServiceInstance instance;
        instance.service = service;
        instance.host = host;
        instance.port = port;
        instance.secure = config.secure;
        instance.id = instance.authority();
        if (weight > 1) instance.metadata["weight"] = std::to_string(weight);
        out.push_back(std::move(instance));
    };
    if (config.record == DnsRecord::address) {
        for (const AddressRecord& record : answer.addresses) add(record.address, config.port, 0);
        return out;
    }
    std::map<std::string, std::string> addresses;
    for (const AddressRecord& record : answer.addresses) addresses.try_emplace(record.name, record.address);
    std::uint16_t best = std::numeric_limits<std::uint16_t>::max();
    for (const SrvRecord& record : answer.services) best = std::min(best, record.priority);
    for (const SrvRecord& record : answer.services) {
        // A lone dot says that the service is decidedly not there.
        if (record.priority != best || record.target.empty() || record.port == 0) continue;
        const auto known = addresses.find(record.target);
        add(known == addresses.end() ? record.target : known->second, record.port, record.weight);
    }
    return out;
}

DnsLookup system_dns(const DnsConfig& config) {
    return [config](const std::string& name, DnsRecord record) -> Result<DnsAnswer> {
        FLT_TRY(const auto server, server_of(config));
        Asker asker;
        if (server) asker.use(*server);
        if (record == DnsRecord::srv) return asker.ask(name, ns_t_srv);
        FLT_TRY(DnsAnswer both, asker.ask(name, ns_t_a));
        if (auto v6 = asker.ask(name, ns_t_aaaa)) {
            both.addresses.insert(both.addresses.end(), v6->addresses.begin(), v6->addresses.end());
        }
        return both;
    };
}

std::unique_ptr<RegistryClient> make_dns_client(Means means, DnsConfig config, DnsLookup lookup) {
    return std::make_unique<DnsClient>(means, std::move(config), std::move(lookup));
}

std::unique_ptr<RegistryClient> make_dns_client(Means means, DnsConfig config) {
    DnsLookup lookup = system_dns(config);
    return make_dns_client(means, std::move(config), std::move(lookup));
}

}  // namespace flotilla::discovery
