#include "flotilla/registry/dns_answers.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/registry/catalog.hpp"

namespace flotilla::registry {

namespace {

using Labels = std::vector<std::string>;

constexpr std::size_t plain_udp_limit = 512;
constexpr std::size_t edns_udp_limit = 4096;
constexpr std::size_t tcp_limit = 65'535;

std::string joined(const Labels& labels) {
    return join(labels, ".");
}

/// What a name asks for.
struct Wanted {
    enum class Kind { service, node, address, apex, nothing } kind = Kind::nothing;
    std::string name;
    std::string tag;  ///< empty: any
};

class Answerer {
public:
    Answerer(
        const DnsQuery& query,
        const ConsulConfig& config,
        InstanceRegistry& registry,
        Random& random,
        Transport transport,
        Moment at
    )
        : query_(query),
          config_(config),
          registry_(registry),
          random_(random),
          transport_(transport),
          at_(at) {}

    DnsReply answer() {
        constexpr std::uint16_t internet = 1;
        constexpr std::uint16_t any_class = 255;
        const auto labels = below_domain();
        if (!labels || (query_.klass != internet && query_.klass != any_class))
            return {.code = DnsCode::refused};
        const Wanted wanted = understand(*labels);
        switch (wanted.kind) {
            case Wanted::Kind::service:
                answer_service(wanted);
                break;
            case Wanted::Kind::node:
                answer_node(wanted.name);
                break;
            case Wanted::Kind::address:
                answer_address(wanted.name);
                break;
            case Wanted::Kind::apex:
                answer_apex();
                break;
            case Wanted::Kind::nothing:
                reply_.code = DnsCode::name_error;
        }
        if (reply_.answers.empty()) reply_.authority.push_back(authority());
        return std::move(reply_);
    }

private:
    /// The labels without those of the domain, which is noted; nothing for a name outside of it.
    std::optional<Labels> below_domain() {
        for (const std::string& domain : {config_.domain, config_.alt_domain}) {
            if (domain.empty()) continue;
            const std::string suffix = to_lower(domain);
            domain_ = suffix;
            if (query_.name == suffix) return Labels{};
            if (!query_.name.ends_with("." + suffix)) continue;
            const std::string_view rest =
                std::string_view(query_.name).substr(0, query_.name.size() - suffix.size() - 1);
            const auto parts = split(rest, '.');
            return Labels(parts.begin(), parts.end());
        }
        return std::nullopt;
    }

    [[nodiscard]] bool is_ours(const std::string& datacenter) const {
        return datacenter == to_lower(config_.datacenter);
    }

    Wanted understand(Labels labels) const {
        if (labels.empty()) return {.kind = Wanted::Kind::apex, .name = {}, .tag = {}};
        if (labels.size() >= 2 && labels.back() == "dc") {
            if (!is_ours(labels[labels.size() - 2])) return {};
            labels.resize(labels.size() - 2);
        } else if (labels.size() >= 2 && !is_kind(labels.back()) && !labels.back().starts_with('_')) {
            // the older form: the data center alone, behind the kind
            if (!is_ours(labels.back())) return {};
            labels.pop_back();
        }
        if (labels.empty()) return {};
        if (labels.front().starts_with('_') && labels.size() >= 2) {  // RFC 2782
            if (labels.size() > 3 || (labels.size() == 3 && labels[2] != "service")) return {};
            if (!labels[1].starts_with('_')) return {};
            const std::string protocol = labels[1].substr(1);
            const bool any = protocol == "tcp" || protocol == "udp";
            return {Wanted::Kind::service, labels[0].substr(1), any ? std::string() : protocol};
        }
        const std::string kind = labels.back();
        labels.pop_back();
        if (labels.empty()) return {};
        if (kind == "service" && labels.size() <= 2)
            return {
                Wanted::Kind::service, labels.back(), labels.size() == 2 ? labels.front() : std::string()
            };
        if (kind == "node") return {Wanted::Kind::node, joined(labels), {}};
        if (kind == "addr" && labels.size() == 1) return {Wanted::Kind::address, labels.front(), {}};
        return {};
    }

    static bool is_kind(std::string_view label) {
        return label == "service" || label == "node" || label == "addr";
    }

    [[nodiscard]] bool wants(DnsType type) const {
        return query_.type == type || query_.type == DnsType::any;
    }

    void answer_service(const Wanted& wanted) {
        std::vector<CatalogEntry> entries = entries_of(registry_, wanted.name, at_);
        std::erase_if(entries, [&](const CatalogEntry& entry) {
            const Check check = check_of(entry);
            if (check == Check::critical || (config_.only_passing && check != Check::passing)) return true;
            if (wanted.tag.empty()) return false;
            const auto tags = tags_of(*entry.instance);
            return std::ranges::none_of(tags, [&](const std::string& tag) {
                return iequals(tag, wanted.tag);
            });
        });
        if (entries.empty()) {
            reply_.code = DnsCode::name_error;
            return;
        }
        std::ranges::shuffle(entries, random_);
        for (const CatalogEntry& entry : entries) {
            if (wants(DnsType::a)) add_address(query_.name, *entry.instance, DnsType::a);
            if (wants(DnsType::aaaa)) add_address(query_.name, *entry.instance, DnsType::aaaa);
        }
        if (query_.type == DnsType::srv) {
            for (const CatalogEntry& entry : entries) add_srv(*entry.instance);
        } else if (reply_.answers.empty() && (wants(DnsType::a) || wants(DnsType::aaaa))) {
            // registered by a name that is no address
            for (const CatalogEntry& entry : entries) {
                if (is_address(entry.instance->ip_addr)) continue;
                if (const auto target = dns_name(to_lower(entry.instance->host_name)))
                    reply_.answers.push_back({query_.name, DnsType::cname, *target});
                break;
            }
        }
        if (transport_ == Transport::udp && reply_.answers.size() > config_.udp_answer_limit) {
            reply_.answers.resize(config_.udp_answer_limit);
            reply_.truncated = true;
        }
    }

    static bool is_address(const std::string& text) {
        return dns_address(text, DnsType::a) || dns_address(text, DnsType::aaaa);
    }

    void add_address(const std::string& name, const InstanceInfo& instance, DnsType type) {
        const auto data = dns_address(instance.ip_addr, type);
        if (!data) return;
        const bool known = std::ranges::any_of(reply_.answers, [&](const DnsRecord& record) {
            return record.type == type && record.data == *data;
        });
        if (!known) reply_.answers.push_back({name, type, *data});
    }

    void add_srv(const InstanceInfo& instance) {
        const auto port = static_cast<std::uint16_t>(port_of(instance));
        for (const DnsType type : {DnsType::a, DnsType::aaaa}) {
            const auto data = dns_address(instance.ip_addr, type);
            if (!data) continue;
            const std::string target =
                to_hex(*data) + ".addr." + to_lower(config_.datacenter) + "." + domain_;
            reply_.answers.push_back({query_.name, DnsType::srv, dns_srv(1, 1, port, target)});
            reply_.additional.push_back({target, type, *data});
            return;
        }
        const std::string target = to_lower(instance.host_name);
        if (dns_name(target))
            reply_.answers.push_back({query_.name, DnsType::srv, dns_srv(1, 1, port, target)});
    }

    void answer_node(const std::string& name) {
        const auto all = registry_.catalog([](std::string_view) { return true; }, at_);
        reply_.code = DnsCode::name_error;
        for (const CatalogEntry& entry : all) {
            if (!iequals(entry.instance->host_name, name)) continue;
            reply_.code = DnsCode::no_error;
            if (wants(DnsType::a)) add_address(query_.name, *entry.instance, DnsType::a);
            if (wants(DnsType::aaaa)) add_address(query_.name, *entry.instance, DnsType::aaaa);
        }
    }

    void answer_address(const std::string& hex) {
        const auto bytes = from_hex(hex);
        if (!bytes || (bytes->size() != 4 && bytes->size() != 16)) {
            reply_.code = DnsCode::name_error;
            return;
        }
        const DnsType type = bytes->size() == 4 ? DnsType::a : DnsType::aaaa;
        if (wants(type)) reply_.answers.push_back({query_.name, type, *bytes});
    }

    void answer_apex() {
        if (wants(DnsType::soa)) reply_.answers.push_back(authority());
        if (wants(DnsType::ns))
            reply_.answers.push_back({domain_, DnsType::ns, dns_name("ns." + domain_).value_or("")});
    }

    [[nodiscard]] DnsRecord authority() const {
        const auto serial = static_cast<std::uint32_t>(at_.wall_ms / 1000);
        return {domain_, DnsType::soa, dns_soa("ns." + domain_, "hostmaster." + domain_, serial)};
    }

    const DnsQuery& query_;
    const ConsulConfig& config_;
    InstanceRegistry& registry_;
    Random& random_;
    Transport transport_;
    Moment at_;
    std::string domain_;
    DnsReply reply_;
};

}  // namespace

DnsReply answer_dns(
    const DnsQuery& query,
    const ConsulConfig& config,
    InstanceRegistry& registry,
    Random& random,
    Transport transport,
    Moment at
) {
    return Answerer(query, config, registry, random, transport, at).answer();
}

std::string serve_dns(
    std::string_view message,
    const ConsulConfig& config,
    InstanceRegistry& registry,
    Random& random,
    Transport transport,
    Moment at
) {
    const DnsInput input = read_dns(message);
    if (!input.query) return input.refusal;
    const DnsReply reply = answer_dns(*input.query, config, registry, random, transport, at);
    std::size_t limit = tcp_limit;
    if (transport == Transport::udp) {
        const std::size_t asked = input.query->edns_size.value_or(plain_udp_limit);
        limit = std::clamp(asked, plain_udp_limit, edns_udp_limit);
    }
    return write_dns(*input.query, reply, config.ttl_seconds, limit);
}

}  // namespace flotilla::registry
