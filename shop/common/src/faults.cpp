#include "flotilla/shop/faults.hpp"

#include <algorithm>
#include <chrono>

#include "flotilla/base/random.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::shop {

Faults::Faults(
    config::Environment environment,
    std::map<std::string, Fault> FaultConfig::* own,
    log::Logger log,
    std::function<void(bool)> on_readiness
)
    : environment_(std::move(environment)),
      own_(own),
      log_(log),
      on_readiness_(std::move(on_readiness)),
      flags_(std::make_shared<const FaultConfig>()) {}

Result<std::unique_ptr<Faults>> Faults::load(
    config::Environment environment,
    std::map<std::string, Fault> FaultConfig::* own,
    log::Logger log,
    std::function<void(bool)> on_readiness
) {
    std::unique_ptr<Faults> faults(new Faults(std::move(environment), own, log, std::move(on_readiness)));
    FLT_CHECK(faults->read());
    faults->subscription_ =
        faults->environment_.subscribe([self = faults.get()](const auto& changed) { self->reread(changed); });
    return faults;
}

Result<void> Faults::read() {
    FLT_TRY(auto now, environment_.bind<FaultConfig>("shop.fault"));
    const auto before = flags_.load();
    if (on_readiness_ && now.readiness != before->readiness) on_readiness_(now.readiness);
    armed_.store(!(now.*own_).empty());
    flags_.store(std::make_shared<const FaultConfig>(std::move(now)));
    return {};
}

void Faults::reread(const config::Environment::ChangedKeys& changed) {
    const auto is_flag = [](const std::string& key) { return key.starts_with("shop.fault"); };
    if (std::ranges::none_of(changed, is_flag)) return;
    if (const auto read_again = read(); read_again) {
        log_.warn("faults on demand have changed; armed: {}", armed());
    } else {
        log_.error("the change of shop.fault.* is left out: {}", read_again.error().message());
    }
}

std::optional<Fault> Faults::of(const std::string& operation) const {
    const auto flags = flags_.load();
    const auto& own = (*flags).*own_;
    const auto found = own.find(operation);
    if (found == own.end()) return std::nullopt;
    return found->second;
}

Task<std::optional<Problem>> Faults::strike(std::string operation, std::string product_id) const {
    const auto fault = of(operation);
    if (!fault || !fault->strikes(product_id)) co_return std::nullopt;
    if (fault->hang) co_await runtime::sleep_for(longest_hang);
    if (fault->delay_ms > 0) co_await runtime::sleep_for(std::chrono::milliseconds(fault->delay_ms));
    if (fault->error_rate > 0 && Random::of_thread().unit() < fault->error_rate) {
        log_.warn("a fault on demand strikes {}", operation);
        co_return Problem(http::Status::internal_server_error, "FAULT_ON_DEMAND", "Failure occurred");
    }
    co_return std::nullopt;
}

std::function<void(bool)> readiness_of(actuator::AvailabilityState& state) {
    return [&state](bool fails) {
        state.set_readiness(
            fails ? actuator::Readiness::refusing_traffic : actuator::Readiness::accepting_traffic
        );
    };
}

}  // namespace flotilla::shop
