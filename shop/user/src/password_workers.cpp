#include "flotilla/shop/user/password_workers.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "flotilla/crypto/password.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::shop::user {

namespace {

using namespace std::chrono_literals;

runtime::BlockingPoolConfig pool_of(const PasswordConfig& config) {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    return {.threads = config.threads > 0 ? config.threads : cores, .queue_capacity = config.queue};
}

/// A wave of logins takes the cores that are free, and no others: on Linux the priority is the thread's own.
void yield_to_others() noexcept {
    constexpr int niceness = 10;
    thread_local const bool yields = setpriority(PRIO_PROCESS, 0, niceness) == 0;
    (void)yields;
}

/// Where a thread leaves what it found; shared, so that neither side cares who goes first.
template <class T>
struct Desk {
    std::optional<Result<T>> found;
    runtime::Signal signal;
    std::atomic<bool> abandoned{false};
};

/// Work that nobody waits for any more is not begun.
template <class T>
class Waiting {
public:
    explicit Waiting(Desk<T>& desk) : desk_(desk) {}

    ~Waiting() { desk_.abandoned.store(true); }

    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    Desk<T>& desk_;
};

}  // namespace

PasswordWorkers::PasswordWorkers(PasswordConfig config)
    : config_(config), pool_(std::make_shared<runtime::BlockingPool>(pool_of(config))) {}

void PasswordWorkers::bind(metrics::Registry& registry) const {
    const std::weak_ptr<runtime::BlockingPool> pool = pool_;
    registry.gauge_of(
        "shop.passwords.queued",
        {},
        pool,
        [](const runtime::BlockingPool& of) { return of.stats().queued; },
        {.description = "Passwords that wait to be hashed"}
    );
    registry.gauge_of(
        "shop.passwords.active",
        {},
        pool,
        [](const runtime::BlockingPool& of) { return of.stats().active; },
        {.description = "Passwords that are being hashed"}
    );
}

template <class T>
Task<Outcome<T>> PasswordWorkers::run(std::function<Result<T>()> work) const {
    runtime::EventLoop& home = runtime::EventLoop::current();
    const auto desk = std::make_shared<Desk<T>>();
    const Waiting<T> waiting(*desk);
    auto job = [desk, &home, work = std::move(work)] {
        if (desk->abandoned.load()) return;
        yield_to_others();
        auto found = work();
        home.post([desk, found = std::move(found)]() mutable {
            desk->found.emplace(std::move(found));
            desk->signal.notify_all();
        });
    };
    if (!pool_->submit(std::move(job)))
        co_return refuse(Problem::unavailable("BUSY", "Too many passwords are being checked", 1s));
    while (!desk->found) co_await desk->signal.wait();
    if (!*desk->found) co_return refuse(Problem(http::Status::internal_server_error, "INTERNAL_ERROR"));
    co_return std::move(**desk->found);
}

Task<Outcome<std::string>> PasswordWorkers::hash(std::string password) const {
    std::function<Result<std::string>()> work = [password = std::move(password), cost = config_.cost] {
        return crypto::hash_password(password, cost);
    };
    return run(std::move(work));
}

Task<Outcome<bool>> PasswordWorkers::matches(std::string password, std::optional<std::string> hash) const {
    std::function<Result<bool>()> work =
        [password = std::move(password), hash = std::move(hash), cost = config_.cost]() -> Result<bool> {
        if (!hash) return crypto::verify_nothing(password, cost);
        return crypto::verify_password(password, *hash);
    };
    return run(std::move(work));
}

}  // namespace flotilla::shop::user
