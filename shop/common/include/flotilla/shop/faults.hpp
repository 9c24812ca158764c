#pragma once
/// Faults on demand: `shop.fault.<service>.<operation>.*`, for lessons and tests. They change at run time,
/// as every property does: through a refresh, or `POST /actuator/env`.
///
///     if (faults.armed()) {
///         auto struck = co_await faults.strike("get", product_id);
///         if (struck) co_return struck->answer(request, now);
///     }

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "flotilla/actuator/availability.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/runtime/task.hpp"
#include "flotilla/shop/problem.hpp"

namespace flotilla::shop {

/// What goes wrong with one operation.
struct Fault {
    std::int64_t delay_ms = 0;
    double error_rate = 0;
    bool hang = false;
    std::string product_id{};

    [[nodiscard]] bool strikes(std::string_view product) const {
        return product_id.empty() || product_id == product;
    }

    friend bool operator==(const Fault&, const Fault&) = default;
};

FLT_DESCRIBE_CONFIG(
    Fault,
    (delay_ms, "How long each call is held up.", min(0), max(3'600'000)),
    (error_rate, "Share of calls that end with 500.", min(0.0), max(1.0)),
    (hang, "Calls do not end by themselves."),
    (product_id, "Only calls about this product; empty: all.")
)

/// `shop.fault.*`
struct FaultConfig {
    std::map<std::string, Fault> catalog{};
    std::map<std::string, Fault> order{};
    std::map<std::string, Fault> user{};
    bool readiness = false;

    friend bool operator==(const FaultConfig&, const FaultConfig&) = default;
};

FLT_DESCRIBE_CONFIG(
    FaultConfig,
    (catalog, "Faults of the catalog: shop.fault.catalog.get.delay-ms=10000."),
    (order, "Faults of orders."),
    (user, "Faults of users."),
    (readiness, "The readiness probe fails.")
)

/// Safe on any thread.
class Faults {
public:
    /// The longest that a call hangs.
    static constexpr Duration longest_hang = std::chrono::minutes(10);

    /// `own` chooses the service. Malformed flags are an error now, and left out later with a line in the
    /// log. `on_readiness` is told when `shop.fault.readiness` begins or ends.
    static Result<std::unique_ptr<Faults>> load(
        config::Environment environment,
        std::map<std::string, Fault> FaultConfig::* own,
        log::Logger log,
        std::function<void(bool fails)> on_readiness = {}
    );

    Faults(const Faults&) = delete;
    Faults& operator=(const Faults&) = delete;

    /// Whether there is any: nothing else needs to be asked when there is none.
    [[nodiscard]] bool armed() const noexcept { return armed_.load(std::memory_order_relaxed); }

    /// What is set for an operation.
    [[nodiscard]] std::optional<Fault> of(const std::string& operation) const;

    /// Holds up the call as the flags say. The problem to answer with, when it is to fail.
    [[nodiscard]] Task<std::optional<Problem>> strike(
        std::string operation, std::string product_id = std::string()
    ) const;

private:
    Faults(
        config::Environment environment,
        std::map<std::string, Fault> FaultConfig::* own,
        log::Logger log,
        std::function<void(bool)> on_readiness
    );

    Result<void> read();
    void reread(const config::Environment::ChangedKeys& changed);

    config::Environment environment_;
    std::map<std::string, Fault> FaultConfig::* own_;
    log::Logger log_;
    std::function<void(bool)> on_readiness_;
    std::atomic<std::shared_ptr<const FaultConfig>> flags_;
    std::atomic<bool> armed_{false};
    config::Subscription subscription_;
};

/// For `on_readiness`: the readiness probe fails while the flag is up. The state outlives the function.
std::function<void(bool fails)> readiness_of(actuator::AvailabilityState& state);

}  // namespace flotilla::shop
