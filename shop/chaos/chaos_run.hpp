#pragma once
/// Strikes a running fleet, one fault at a time, and leaves it healed.

#include <string>
#include <vector>

#include "chaos_options.hpp"
#include "chaos_report.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "patient.hpp"

namespace flotilla::shop {

class ChaosRun {
public:
    ChaosRun(runtime::Runtime& runtime, ChaosOptions options);

    /// What will happen; needs the fleet to know its parts.
    Result<std::vector<driver::Fault>> plan() const;

    /// Through the plan, or until SIGINT, which heals what ails and ends.
    Task<Result<ChaosReport>> run();

private:
    Task<> strike(driver::Fault fault);
    Task<> stop_for(Patient patient, driver::Fault fault, FaultRecord& record);
    Task<> flag_for(Patient patient, driver::Fault fault, FaultRecord& record);
    /// Until the part is well in the same process, or (after a kill) another one than `gone`.
    Task<> await_well(std::string part, fleet::ProcessId gone, FaultRecord& record);
    Task<bool> all_well();
    /// An admin's; none without the shop's secret.
    [[nodiscard]] std::string token_of_now() const;
    Task<> watch_signals();
    Task<> pause_until(TimePoint at);
    [[nodiscard]] bool may_be_hit(const std::string& part) const;
    [[nodiscard]] double seconds_since(TimePoint then) const;

    [[nodiscard]] TimePoint now() const { return runtime_.clock().now(); }

    runtime::Runtime& runtime_;
    ChaosOptions options_;
    http::Client client_;
    ChaosReport report_;
    TimePoint began_;
    bool over_ = false;
    runtime::Signal ended_;
};

}  // namespace flotilla::shop
