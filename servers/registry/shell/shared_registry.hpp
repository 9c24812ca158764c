#pragma once
/// The core for all loops: one lock around it, documents beside it, and word of its changes.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "change_watch.hpp"
#include "flotilla/base/clock.hpp"
#include "flotilla/eureka/codec.hpp"
#include "flotilla/registry/document_cache.hpp"
#include "flotilla/registry/instance_registry.hpp"

namespace flotilla::registry {

/// A body that is ready to be sent.
struct PreparedDocument {
    std::shared_ptr<const std::string> text;
    bool gzipped = false;
};

/// A heartbeat holds the lock for a lookup and two stores, some hundred nanoseconds, which costs less than to
/// cross to the loop that would own the leases. Documents are written outside of it.
class SharedRegistry {
public:
    SharedRegistry(EurekaServerConfig config, runtime::Runtime& runtime);

    /// Calls `use(core, moment)` under the lock and tells those who wait what has changed.
    template <class Use>
    auto with(Use&& use) {
        const Locked locked(*this);
        return std::forward<Use>(use)(core_, locked.at());
    }

    [[nodiscard]] Moment at() const { return moment_of(clock_); }

    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

    [[nodiscard]] const EurekaServerConfig& config() const noexcept { return config_; }

    [[nodiscard]] ChangeWatch& watch() noexcept { return watch_; }

    /// They never change.
    [[nodiscard]] const RegionNames& regions() const noexcept { return core_.regions().names(); }

    /// How a document is wanted.
    struct Form {
        eureka::Format format = eureka::Format::json;
        eureka::Detail detail = eureka::Detail::full;
        bool gzip = false;
        RegionSet regions = 0;

        friend bool operator==(const Form&, const Form&) = default;
    };

    /// The whole registry, as of now.
    PreparedDocument full(const Form& form);
    /// The changes of the last minutes.
    PreparedDocument delta(const Form& form);
    /// The changes after a version; no text when they are no longer known. `version` becomes the newest.
    PreparedDocument delta_since(std::uint64_t& version, const Form& form);

private:
    class Locked {
    public:
        explicit Locked(SharedRegistry& owner) : owner_(owner), lock_(owner.mutex_), at_(owner.at()) {}

        ~Locked() { owner_.watch_.publish(owner_.core_.version()); }

        Locked(const Locked&) = delete;
        Locked& operator=(const Locked&) = delete;

        [[nodiscard]] Moment at() const noexcept { return at_; }

    private:
        SharedRegistry& owner_;
        std::unique_lock<std::mutex> lock_;
        Moment at_;
    };

    /// The last delta document of a kind, for all who ask for the same.
    struct DeltaDocument {
        std::uint64_t since = 0;
        std::int64_t version = 0;
        std::size_t changes = 0;
        Form form = {};
        std::shared_ptr<const std::string> text;
    };

    PreparedDocument write_delta(const eureka::Applications& delta, std::uint64_t since, const Form& form);

    const EurekaServerConfig config_;
    const Clock& clock_;
    std::mutex mutex_;
    InstanceRegistry core_;
    ChangeWatch watch_;
    std::mutex documents_mutex_;
    std::map<RegionSet, DocumentCache> documents_;
    std::vector<DeltaDocument> deltas_;
};

}  // namespace flotilla::registry
