#pragma once
// What registries have in common that are asked name by name: names are watched from the first time that
// somebody wants them; the own service is enrolled, looked after and withdrawn.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/random.hpp"
#include "flotilla/discovery/directory.hpp"
#include "flotilla/discovery/means.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::discovery {

/// After failures: 1 s, 2 s, 4 s up to 30 s, each up to a tenth less.
class BackOff {
public:
    explicit BackOff(Random random) : random_(random) {}

    Duration next();

    void reset() noexcept { failures_ = 0; }

private:
    Random random_;
    unsigned failures_ = 0;
};

/// Names that are wanted and not watched yet. `add` from any thread.
class WantedNames {
public:
    void add(const std::string& name);
    /// From now on the loop is told of new names.
    void attach(runtime::EventLoop& loop);
    /// The next name that nobody watches yet. On the loop.
    Task<std::string> next();

private:
    struct State;

    std::shared_ptr<State> state_ = make_state();

    static std::shared_ptr<State> make_state();
};

class WatchingClient : public RegistryClient {
public:
    WatchingClient(Means means, bool announces);

    [[nodiscard]] Snapshot instances(std::string_view service) override;

    [[nodiscard]] std::vector<std::string> services() const override { return directory_.services(); }

    [[nodiscard]] ListSubscription subscribe(ListListener listener) override {
        return directory_.subscribe(std::move(listener));
    }

    [[nodiscard]] bool announces() const noexcept override { return announces_; }

    Result<void> introduce(const SelfDescription& self) override;
    Task<> run() override;
    void ready() override;
    Task<> leave(Deadline deadline) override;

    Task<> finish(Deadline deadline) override { return leave(deadline); }

    [[nodiscard]] bool informed() const noexcept override { return informed_; }

protected:
    /// Follows one service for ever, and publishes what it finds.
    virtual Task<> watch(std::string service) = 0;
    /// What else is to be done for ever.
    virtual Task<> attend();
    virtual Result<void> prepare(const SelfDescription& self) = 0;
    virtual Task<Result<void>> enroll() = 0;
    /// Still there? An error enrolls again.
    virtual Task<Result<void>> renew() = 0;
    [[nodiscard]] virtual Duration renewal() const = 0;
    virtual Task<Result<void>> withdraw() = 0;

    /// Has the own service looked after at once.
    void hurry();
    void publish(const std::string& service, std::vector<ServiceInstance> instances);
    /// A line at the first failure of something that went well; the rest for the curious.
    void note(std::string_view what, const Error& error, bool& in_trouble);

    [[nodiscard]] TimePoint now() const { return means_.runtime.clock().now(); }

    const Means means_;

private:
    Task<int> live(runtime::TaskScope& scope);
    Task<> look_after_self();

    const bool announces_;
    Directory directory_;
    WantedNames wanted_;
    std::atomic<bool> informed_{false};
    bool introduced_ = false;
    bool ready_ = false;
    bool leaving_ = false;
    bool left_ = false;
    bool hurried_ = false;
    runtime::Signal word_;
    runtime::Signal done_;
};

}  // namespace flotilla::discovery
