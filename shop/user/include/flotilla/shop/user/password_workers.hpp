#pragma once
/// Hashes and checks passwords on threads of their own: a hash takes tens of milliseconds of a core, and a
/// wave of logins must hold up neither the event loops nor the database.

#include <functional>
#include <memory>
#include <string>

#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/blocking_pool.hpp"
#include "flotilla/runtime/task.hpp"
#include "flotilla/shop/problem.hpp"
#include "flotilla/shop/user/user_config.hpp"

namespace flotilla::shop::user {

/// A bounded pool: what does not fit its queue is 503 with Retry-After, at once. Called on any loop.
class PasswordWorkers {
public:
    explicit PasswordWorkers(PasswordConfig config);

    /// Waiting and running work, for the meters `shop.passwords.queued` and `shop.passwords.active`.
    void bind(metrics::Registry& registry) const;

    /// `$2a$10$…`, 60 characters.
    [[nodiscard]] Task<Outcome<std::string>> hash(std::string password) const;

    /// Whether the password belongs to the hash. Without a hash it takes as long, and is false.
    [[nodiscard]] Task<Outcome<bool>> matches(std::string password, std::optional<std::string> hash) const;

    /// Ends the threads. Nobody may wait for them any more.
    void stop() { pool_->stop(); }

    [[nodiscard]] runtime::BlockingPoolStats stats() const { return pool_->stats(); }

private:
    template <class T>
    Task<Outcome<T>> run(std::function<Result<T>()> work) const;

    PasswordConfig config_;
    std::shared_ptr<runtime::BlockingPool> pool_;
};

}  // namespace flotilla::shop::user
