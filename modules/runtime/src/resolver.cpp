#include "flotilla/runtime/resolver.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <cstring>

namespace flotilla::runtime {

namespace {

std::vector<Endpoint> with_port(std::vector<Endpoint> endpoints, std::uint16_t port) {
    for (auto& endpoint : endpoints) endpoint.set_port(port);
    return endpoints;
}

}  // namespace

Resolver::Resolver(Runtime& runtime, ResolverConfig config, Lookup lookup)
    : runtime_(runtime), config_(config), lookup_(std::move(lookup)) {}

Result<std::vector<Endpoint>> Resolver::system_lookup(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (code != 0) {
        const bool temporary = code == EAI_AGAIN || code == EAI_MEMORY || code == EAI_SYSTEM;
        return fail(
            temporary ? Errc::unavailable : Errc::not_found,
            fmt::format("host '{}': {}", host, ::gai_strerror(code))
        );
    }
    std::vector<Endpoint> endpoints;
    for (const addrinfo* each = found; each; each = each->ai_next) {
        sockaddr_storage address{};
        std::memcpy(&address, each->ai_addr, each->ai_addrlen);
        endpoints.push_back(Endpoint::from(address));
    }
    ::freeaddrinfo(found);
    return endpoints;
}

Task<Result<std::vector<Endpoint>>> Resolver::resolve(
    std::string host, std::uint16_t port, Deadline deadline
) {
    if (auto numeric = Endpoint::parse(host, port)) co_return std::vector<Endpoint>{*numeric};
    if (auto known = cached(host, runtime_.clock().now())) {
        if (!*known) co_return std::move(*known);
        co_return with_port(std::move(**known), port);
    }
    if (deadline.passed(runtime_.clock().now()))
        co_return fail(Errc::timed_out, fmt::format("host '{}': timed out", host));
    auto ask = [this, host] { return lookup_(host); };
    auto answer = co_await runtime_.blocking(std::move(ask));
    remember(host, answer, runtime_.clock().now());
    if (!answer) co_return answer;
    co_return with_port(std::move(*answer), port);
}

std::optional<Result<std::vector<Endpoint>>> Resolver::cached(const std::string& host, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(host);
    if (entry == entries_.end() || entry->second.expires <= now) return std::nullopt;
    recency_.splice(recency_.begin(), recency_, entry->second.recency);
    return entry->second.answer;
}

void Resolver::remember(const std::string& host, const Result<std::vector<Endpoint>>& answer, TimePoint now) {
    // A resolver that is not reachable says nothing about the name: such an answer is not kept.
    if (!answer && answer.error().code() != Errc::not_found) return;
    const std::lock_guard lock(mutex_);
    if (const auto old = entries_.find(host); old != entries_.end()) {
        recency_.erase(old->second.recency);
        entries_.erase(old);
    }
    while (entries_.size() >= config_.capacity) {
        entries_.erase(recency_.back());
        recency_.pop_back();
    }
    recency_.push_front(host);
    const Duration life = answer ? config_.time_to_live : config_.negative_time_to_live;
    entries_.emplace(host, Entry{answer, now + life, recency_.begin()});
}

void Resolver::clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
    recency_.clear();
}

}  // namespace flotilla::runtime
