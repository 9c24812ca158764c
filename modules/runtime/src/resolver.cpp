#include "flotilla/runtime/resolver.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace flotilla::runtime {

namespace {

using Answer = Result<std::vector<Endpoint>>;

std::vector<Endpoint> with_port(std::vector<Endpoint> endpoints, std::uint16_t port) {
    for (auto& endpoint : endpoints) endpoint.set_port(port);
    return endpoints;
}

/// A task that waits for a lookup; touched on its loop alone once the answer is under way.
struct Asker {
    explicit Asker(EventLoop& on) : loop(on) {}

    EventLoop& loop;
    std::optional<Answer> answer;
    Signal signal;
};

}  // namespace

// Shared with the lookups that run on the pool.
struct Resolver::Cache {
    Cache(ResolverConfig c, Lookup l) : config(c), lookup(std::move(l)) {}

    struct Entry {
        Answer answer;
        TimePoint expires;
        std::list<std::string>::iterator recency;
    };

    std::optional<Answer> find(const std::string& host, TimePoint now);
    void remember(const std::string& host, const Answer& answer, TimePoint now);
    /// Joins those who wait for this name; true when it is the first, who has to start the lookup.
    bool join(const std::string& host, std::shared_ptr<Asker> asker);
    void leave(const std::string& host, const std::shared_ptr<Asker>& asker);
    void tell(const std::string& host, const Answer& answer, TimePoint now);

    const ResolverConfig config;
    const Lookup lookup;
    std::mutex mutex;
    std::unordered_map<std::string, Entry> entries;
    std::list<std::string> recency;  // most recent first
    std::unordered_map<std::string, std::vector<std::shared_ptr<Asker>>> running;
};

std::optional<Answer> Resolver::Cache::find(const std::string& host, TimePoint now) {
    const std::lock_guard lock(mutex);
    const auto entry = entries.find(host);
    if (entry == entries.end() || entry->second.expires <= now) return std::nullopt;
    recency.splice(recency.begin(), recency, entry->second.recency);
    return entry->second.answer;
}

void Resolver::Cache::remember(const std::string& host, const Answer& answer, TimePoint now) {
    // A resolver that is not reachable says nothing about the name: such an answer is not kept.
    if ((!answer && answer.error().code() != Errc::not_found) || config.capacity == 0) return;
    if (const auto old = entries.find(host); old != entries.end()) {
        recency.erase(old->second.recency);
        entries.erase(old);
    }
    while (entries.size() >= config.capacity) {
        entries.erase(recency.back());
        recency.pop_back();
    }
    recency.push_front(host);
    const Duration life = answer ? config.time_to_live : config.negative_time_to_live;
    entries.emplace(host, Entry{answer, now + life, recency.begin()});
}

bool Resolver::Cache::join(const std::string& host, std::shared_ptr<Asker> asker) {
    const std::lock_guard lock(mutex);
    auto [lookup_of_host, first] = running.try_emplace(host);
    lookup_of_host->second.push_back(std::move(asker));
    return first;
}

void Resolver::Cache::leave(const std::string& host, const std::shared_ptr<Asker>& asker) {
    const std::lock_guard lock(mutex);
    if (const auto found = running.find(host); found != running.end()) std::erase(found->second, asker);
}

void Resolver::Cache::tell(const std::string& host, const Answer& answer, TimePoint now) {
    std::vector<std::shared_ptr<Asker>> askers;
    {
        const std::lock_guard lock(mutex);
        remember(host, answer, now);
        askers = std::move(running.extract(host).mapped());
    }
    for (auto& asker : askers) {
        EventLoop& loop = asker->loop;
        loop.post([asker = std::move(asker), answer] {
            asker->answer = answer;
            asker->signal.notify_all();
        });
    }
}

Resolver::Resolver(Runtime& runtime, ResolverConfig config, Lookup lookup)
    : runtime_(runtime), cache_(std::make_shared<Cache>(config, std::move(lookup))) {}

Resolver::~Resolver() = default;

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
    const Clock& clock = runtime_.clock();
    if (auto known = cache_->find(host, clock.now())) {
        if (!*known) co_return std::move(*known);
        co_return with_port(std::move(**known), port);
    }

    const auto cache = cache_;
    const auto asker = std::make_shared<Asker>(EventLoop::current());
    if (cache->join(host, asker)) {
        auto look_up = [cache, host, &clock] {
            Answer answer = fail(Errc::internal, fmt::format("host '{}': the lookup threw", host));
            try {
                answer = cache->lookup(host);
            } catch (...) {  // whoever waits must hear of it
            }
            cache->tell(host, answer, clock.now());
        };
        if (!runtime_.pool().submit(std::move(look_up))) {
            const Answer refused =
                fail(Errc::limit_exceeded, fmt::format("host '{}': the blocking pool's queue is full", host));
            cache->tell(host, refused, clock.now());
        }
    }
    while (!asker->answer) {
        if (const auto wake = co_await asker->signal.wait(deadline); wake != Wake::timed_out) continue;
        cache->leave(host, asker);
        co_return fail(Errc::timed_out, fmt::format("host '{}': timed out", host));
    }
    if (!*asker->answer) co_return std::move(*asker->answer);
    co_return with_port(std::move(**asker->answer), port);
}

void Resolver::clear() {
    const std::lock_guard lock(cache_->mutex);
    cache_->entries.clear();
    cache_->recency.clear();
}

}  // namespace flotilla::runtime
