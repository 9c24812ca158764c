#pragma once
/// Who is asked for health, and the asking: all at once, and never for longer than a time limit.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "flotilla/actuator/health.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::actuator {

/// Contributors by name. Filled in main, before the first request; asked on any loop.
///
/// A contributor that throws is DOWN with `details.error`. One that is late is UNKNOWN with `details.error`
/// and, when it has ever answered, that answer as `details.last`; it is not asked again while it still hangs.
class HealthRegistry {
public:
    /// Knows without waiting: called on the loop.
    using Immediate = std::function<Health()>;
    /// Waits as coroutines do: called on the loop, cancelled when it is late.
    using Coroutine = std::function<Task<Health>()>;

    struct Settings {
        Duration timeout = std::chrono::seconds(5);
        Duration slow_threshold = std::chrono::seconds(10);
    };

    HealthRegistry(runtime::Runtime& runtime, Settings settings, log::Logger logger = {});
    ~HealthRegistry();
    HealthRegistry(const HealthRegistry&) = delete;
    HealthRegistry& operator=(const HealthRegistry&) = delete;

    /// The last one of a name counts.
    void add(std::string name, Immediate check);
    /// Reads files, asks a driver: called on the blocking pool. What it refers to outlives the pool.
    void add_blocking(std::string name, Immediate check);
    void add_coroutine(std::string name, Coroutine check);
    /// Whether there was one.
    bool remove(std::string_view name);

    [[nodiscard]] std::vector<std::string> names() const;

    /// Which contributors are wanted.
    using Filter = std::function<bool(std::string_view name)>;

    /// The composite of all that are wanted, aggregated by `rules`, each with `details.elapsedMs`.
    [[nodiscard]] Task<Health> check(Filter wanted, StatusRules rules) const;

    /// Whether `check` would not have to wait.
    [[nodiscard]] bool immediate(const Filter& wanted) const;
    [[nodiscard]] Health check_immediate(const Filter& wanted, const StatusRules& rules) const;

private:
    struct Blocking {
        Immediate check;
    };

    struct Contributor {
        std::string name;
        std::variant<Immediate, Blocking, Coroutine> check;
        /// When the job that the pool works on began, on the monotonic clock; 0 for none.
        std::atomic<std::int64_t> running_since{0};
        mutable std::mutex mutex;
        Json last;  ///< what it answered last; guarded by the mutex
    };

    struct Round;

    void add_contributor(std::string name, std::variant<Immediate, Blocking, Coroutine> check);
    [[nodiscard]] std::vector<std::shared_ptr<Contributor>> chosen(const Filter& wanted) const;
    [[nodiscard]] bool hangs(const Contributor& contributor) const;
    [[nodiscard]] Health late(const Contributor& contributor) const;
    static Task<> ask(
        const HealthRegistry* registry,
        std::shared_ptr<Contributor> contributor,
        std::shared_ptr<Round> round,
        std::size_t index
    );
    static Task<Health> answer_of(runtime::Runtime& runtime, std::shared_ptr<Contributor> contributor);
    void report_slow(const Contributor& contributor, Duration taken) const;

    runtime::Runtime& runtime_;
    const Settings settings_;
    log::Logger logger_;
    std::vector<std::shared_ptr<Contributor>> contributors_;
};

}  // namespace flotilla::actuator
