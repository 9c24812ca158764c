#pragma once
/// How many calls a service is given at once; what comes above that is answered at once, in place of waiting
/// with all the others until nobody wants the answers any more.
///
///     Admission admission(config, meters);
///     if (resilience::AdaptiveLimiter* limiter = admission.limiter_of("user-service")) …

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/gateway/path_pattern.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/resilience/adaptive_limiter.hpp"

namespace flotilla::gateway {

/// `flotilla.gateway.admission.*`
struct AdmissionConfig {
    bool enabled = false;
    std::string algorithm = "gradient2";  ///< or `aimd`, or `fixed`
    // Of the calls to one service at once. The least is what a pool has for one instance: the limit is about
    // what would have to wait, and a service that is slow in one thing is not cut off in all others.
    int initial_limit = 256;
    int min_limit = 256;
    int max_limit = 1024;
    int status = 503;  ///< or 429
    std::chrono::seconds retry_after{1};
    /// Paths of requests that are never refused: what is asked just when a service is not well.
    std::vector<PathPattern> exempt{};

    /// What the names above come to; an error names the property that is wrong.
    [[nodiscard]] Result<resilience::ConcurrencyLimit> limit() const;
};

/// One limiter for each service, which stays when routes are read again.
class Admission {
public:
    /// A configuration whose `limit` is one.
    Admission(AdmissionConfig config, metrics::Registry& meters);
    ~Admission();
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    /// Null when nothing is refused. It lives as long as this does. Not for two threads at once.
    resilience::AdaptiveLimiter* limiter_of(const std::string& target);

    [[nodiscard]] bool is_exempt(const RequestPath& path) const;

    [[nodiscard]] const AdmissionConfig& config() const noexcept { return config_; }

private:
    const AdmissionConfig config_;
    metrics::Registry& meters_;
    std::map<std::string, std::unique_ptr<resilience::AdaptiveLimiter>> limiters_;
};

}  // namespace flotilla::gateway
