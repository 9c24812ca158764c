// The filter that limits how often somebody may ask.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"

namespace flotilla::gateway {

namespace {

struct LimitHeaders {
    bool included = true;
    std::string remaining = "X-RateLimit-Remaining";
    std::string replenish_rate = "X-RateLimit-Replenish-Rate";
    std::string burst_capacity = "X-RateLimit-Burst-Capacity";
    std::string requested_tokens = "X-RateLimit-Requested-Tokens";
};

struct LimitAnswer {
    int status = 429;
    bool deny_empty_key = true;
    int empty_key_status = 403;
    bool fail_on_limit = false;
};

class RequestRateLimiter final : public Filter {
public:
    RequestRateLimiter(RateLimitConfig config, LimitAnswer answer, LimitHeaders names, KeyResolver key)
        : limiter_(std::make_unique<KeyedRateLimiter>(config)),
          answer_(answer),
          names_(std::move(names)),
          key_(std::move(key)),
          policy_(fmt::format(
              R"("default";q={};w={})",
              config.burst_capacity,
              std::max<std::uint64_t>(config.burst_capacity / config.replenish_rate, 1)
          )) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        std::string room;
        const std::string_view key = key_(exchange, room);
        if (key.empty())
            return answer_.deny_empty_key ? exchange.respond(answer_.empty_key_status) : Next::go_on;
        const auto decision = limiter_->ask(key, exchange.inbound().now);
        tell(exchange.answer().headers, decision);
        if (decision.allowed) return Next::go_on;
        if (answer_.fail_on_limit) return exchange.respond(500);
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(decision.retry_after).count();
        exchange.answer().headers.set("Retry-After", fmt::format("{}", std::max<std::int64_t>(seconds, 1)));
        return exchange.respond(answer_.status);
    }

    [[nodiscard]] std::string text() const override {
        return fmt::format(
            "RequestRateLimiter replenishRate = {}, burstCapacity = {}, requestedTokens = {}",
            limiter_->config().replenish_rate,
            limiter_->config().burst_capacity,
            limiter_->config().requested_tokens
        );
    }

private:
    void tell(Headers& headers, const KeyedRateLimiter::Decision& decision) const {
        if (!names_.included) return;
        const auto put = [&](const std::string& name, std::uint64_t value) {
            headers.set(name, fmt::format_int(value).c_str());
        };
        put(names_.remaining, decision.remaining);
        put(names_.replenish_rate, limiter_->config().replenish_rate);
        put(names_.burst_capacity, limiter_->config().burst_capacity);
        put(names_.requested_tokens, limiter_->config().requested_tokens);
        headers.set("RateLimit-Policy", policy_);
        std::string left = R"("default";r=)";
        headers.set("RateLimit", left += fmt::format_int(decision.remaining).c_str());
    }

    std::unique_ptr<KeyedRateLimiter> limiter_;
    LimitAnswer answer_;
    LimitHeaders names_;
    KeyResolver key_;
    std::string policy_;
};

Result<FilterPtr> rate_limiter(const Arguments& args, const FilterScope& scope) {
    const auto setting = [&](std::string_view name) {
        return scope.setting(fmt::format("redis-rate-limiter.{}", name));
    };
    constexpr std::int64_t most = 1'000'000'000;
    if (!args.has("redis-rate-limiter.replenishRate"))
        return fail(Errc::invalid_argument, "argument 'redis-rate-limiter.replenishRate' is missing");
    RateLimitConfig config;
    FLT_TRY(const auto rate, args.integer("redis-rate-limiter.replenishRate", 1, 1, most));
    FLT_TRY(const auto burst, args.integer("redis-rate-limiter.burstCapacity", 1, 0, most));
    FLT_TRY(const auto tokens, args.integer("redis-rate-limiter.requestedTokens", 1, 1, most));
    FLT_TRY(const auto keys, args.integer("max-keys", 100'000, 1, 10'000'000));
    config.replenish_rate = static_cast<std::uint64_t>(rate);
    config.burst_capacity = static_cast<std::uint64_t>(burst);
    config.requested_tokens = static_cast<std::uint64_t>(tokens);
    config.max_keys = static_cast<std::size_t>(keys);
    LimitAnswer answer;
    FLT_TRY(answer.status, parse_status(args.text("status-code", "429")));
    FLT_TRY(answer.empty_key_status, parse_status(args.text("empty-key-status", "403")));
    FLT_TRY(answer.deny_empty_key, args.flag("deny-empty-key", true));
    FLT_TRY(answer.fail_on_limit, args.flag("throwOnLimit", false));
    LimitHeaders names;
    names.included = setting("include-headers") != "false";
    const auto rename = [&](std::string& name, std::string_view key) -> Result<void> {
        std::string own = setting(key);
        if (own.empty()) return {};
        FLT_TRY(name, header_name(std::move(own)));
        return {};
    };
    FLT_CHECK(rename(names.remaining, "remaining-header"));
    FLT_CHECK(rename(names.replenish_rate, "replenish-rate-header"));
    FLT_CHECK(rename(names.burst_capacity, "burst-capacity-header"));
    FLT_CHECK(rename(names.requested_tokens, "requested-tokens-header"));
    constexpr std::string_view limiter = "redisRateLimiter";
    std::string asked = args.text("rate-limiter", limiter);
    if (asked.starts_with('@')) asked.erase(0, 1);
    if (asked != limiter)
        return fail(
            Errc::invalid_argument,
            fmt::format("rate-limiter '{}' is unknown; there is: {}, in this process", asked, limiter)
        );
    FLT_TRY(auto key, scope.components.make_key_resolver(args.text("key-resolver", "principal")));
    return std::make_shared<RequestRateLimiter>(config, answer, std::move(names), std::move(key));
}

}  // namespace

Result<KeyResolver> Components::make_key_resolver(std::string name) const {
    if (name.starts_with('@')) name.erase(0, 1);
    if (const auto own = key_resolvers_.find(name); own != key_resolvers_.end()) return own->second;
    if (name.starts_with("header:"))
        return [header = name.substr(7)](Exchange& exchange, std::string&) {
            return exchange.head().fields.get(header);
        };
    if (name.starts_with("jwt:"))
        return [claim = name.substr(4)](Exchange& exchange, std::string& room) -> std::string_view {
            const Json* value = exchange.claims ? exchange.claims->find(claim) : nullptr;
            if (!value || value->is_null()) return {};
            room = value->is_string() ? *value->as_string() : value->text();
            return room;
        };
    static const std::map<std::string, KeyResolver, std::less<>> known{
        {"principal", [](Exchange& exchange, std::string&) { return exchange.principal; }},
        {"remoteAddr",
         [](Exchange& exchange, std::string& room) -> std::string_view {
             room = exchange.inbound().peer.address();
             return room;
         }},
        {"path", [](Exchange& exchange, std::string&) { return exchange.request_path().raw(); }},
        {"host", [](Exchange& exchange, std::string&) { return exchange.host(); }},
    };
    const auto found = known.find(name);
    if (found != known.end()) return found->second;
    std::string names = "principal, remoteAddr, path, host, header:NAME, jwt:CLAIM";
    for (const auto& [own, resolver] : key_resolvers_) names += ", " + own;
    return fail(
        Errc::invalid_argument, fmt::format("key-resolver '{}' is unknown; there are: {}", name, names)
    );
}

void detail::add_rate_limit_filter(Components& to) {
    to.filter(
        "RequestRateLimiter",
        {.more =
             {"key-resolver",
              "rate-limiter",
              "redis-rate-limiter.replenishRate",
              "redis-rate-limiter.burstCapacity",
              "redis-rate-limiter.requestedTokens",
              "status-code",
              "deny-empty-key",
              "empty-key-status",
              "throwOnLimit",
              "max-keys"}},
        rate_limiter
    );
}

}  // namespace flotilla::gateway
