// Filters that say how calls are guarded: repeated, broken off.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "flotilla/base/text.hpp"
#include "flotilla/gateway/components.hpp"
#include "flotilla/http/status.hpp"

namespace flotilla::gateway {

bool RetryPolicy::covers_method(std::string_view method) const noexcept {
    return std::ranges::find(methods, method) != methods.end();
}

bool RetryPolicy::covers_status(int status) const noexcept {
    if (std::ranges::find(statuses, status) != statuses.end()) return true;
    // A series holds the statuses that have a name: 599 is in none.
    return std::ranges::find(series, status / 100) != series.end() && !http::reason_phrase(status).empty();
}

Duration RetryPolicy::backoff(std::uint32_t retry, Duration previous, Random& random) const {
    if (!has_backoff) return Duration::zero();
    double wait = static_cast<double>(first_backoff.count());
    if (based_on_previous) {
        if (retry > 0) wait = static_cast<double>(previous.count()) * factor;
    } else {
        wait *= std::pow(factor, static_cast<double>(retry));
    }
    constexpr double longest = 3600e9;
    wait = std::min(wait, max_backoff ? static_cast<double>(max_backoff->count()) : longest);
    if (has_jitter) wait += wait * random_factor * (2 * random.unit() - 1);
    return Duration(static_cast<std::int64_t>(std::clamp(wait, 0.0, longest)));
}

bool BreakerPolicy::covers_status(int status) const noexcept {
    return std::ranges::find(statuses, status) != statuses.end();
}

namespace {

class RetryFilter final : public Filter {
public:
    explicit RetryFilter(RetryPolicy policy) : policy_(std::move(policy)) {}

    void ask(RoutePolicies& policies) const override { policies.retry = policy_; }

    [[nodiscard]] std::string text() const override {
        std::vector<std::string> series;
        for (const int one : policy_.series) series.push_back(fmt::format("{}xx", one));
        std::vector<std::string> statuses;
        for (const int one : policy_.statuses) statuses.push_back(fmt::format("{}", one));
        return fmt::format(
            "Retry retries = {}, series = [{}], statuses = [{}], methods = [{}]",
            policy_.retries,
            join(series, ", "),
            join(statuses, ", "),
            join(policy_.methods, ", ")
        );
    }

private:
    RetryPolicy policy_;
};

Result<std::vector<int>> statuses_of(const Arguments& args, std::string_view name) {
    std::vector<int> statuses;
    for (const std::string& text : args.list(name)) {
        FLT_TRY(const int status, parse_status(text));
        statuses.push_back(status);
    }
    return statuses;
}

Result<void> read_series(const Arguments& args, RetryPolicy& policy) {
    if (!args.has("series") && args.list("series").empty()) return {};
    static const std::vector<std::string> names{
        "INFORMATIONAL", "SUCCESSFUL", "REDIRECTION", "CLIENT_ERROR", "SERVER_ERROR"
    };
    policy.series.clear();
    for (const std::string& text : args.list("series")) {
        const auto found = std::ranges::find(names, to_upper(replace_all(text, "-", "_")));
        if (found == names.end())
            return fail(
                Errc::invalid_argument, fmt::format("series '{}' is none of {}", text, join(names, ", "))
            );
        policy.series.push_back(static_cast<int>(found - names.begin()) + 1);
    }
    return {};
}

Result<void> read_exceptions(const Arguments& args, RetryPolicy& policy) {
    const auto names = args.list("exceptions");
    if (names.empty() && !args.has("exceptions")) return {};
    policy.on_io_error = policy.on_timeout = false;
    for (const std::string& name : names) {
        if (name.ends_with("TimeoutException")) {
            policy.on_timeout = true;
        } else if (name.ends_with("IOException") || name.ends_with("ConnectException")) {
            policy.on_io_error = true;
        } else if (name.ends_with(".Exception") || name == "Exception" || name.ends_with("Throwable")) {
            policy.on_io_error = policy.on_timeout = true;
        } else {
            return fail(
                Errc::invalid_argument,
                fmt::format(
                    "exception '{}' never happens here; there are: IOException, TimeoutException", name
                )
            );
        }
    }
    return {};
}

Result<FilterPtr> retry(const Arguments& args, const FilterScope&) {
    RetryPolicy policy;
    FLT_TRY(const auto retries, args.integer("retries", policy.retries, 1, 100));
    policy.retries = static_cast<std::uint32_t>(retries);
    FLT_CHECK(read_series(args, policy));
    FLT_CHECK(read_exceptions(args, policy));
    FLT_TRY(policy.statuses, statuses_of(args, "statuses"));
    if (const auto methods = args.list("methods"); !methods.empty()) {
        policy.methods.clear();
        for (const std::string& method : methods) policy.methods.push_back(to_upper(method));
    }
    policy.has_backoff = !args.below("backoff").empty();
    FLT_TRY(policy.first_backoff, args.duration("backoff.firstBackoff", policy.first_backoff));
    FLT_TRY(const Duration most, args.duration("backoff.maxBackoff", Duration::zero()));
    if (most > Duration::zero()) policy.max_backoff = most;
    FLT_TRY(policy.factor, args.number("backoff.factor", policy.factor));
    FLT_TRY(policy.based_on_previous, args.flag("backoff.basedOnPreviousValue", policy.based_on_previous));
    policy.has_jitter = args.has("jitter.randomFactor");
    FLT_TRY(policy.random_factor, args.number("jitter.randomFactor", policy.random_factor));
    if (policy.factor < 0 || policy.random_factor < 0 || policy.random_factor > 1)
        return fail(
            Errc::invalid_argument, "factors of a backoff are positive, and that of jitter is between 0 and 1"
        );
    FLT_TRY(const Duration timeout, args.duration("timeout", Duration::zero()));
    if (timeout > Duration::zero()) policy.timeout = timeout;
    FLT_TRY(const Bytes buffer, args.bytes("max-buffer", Bytes{policy.max_buffer}));
    policy.max_buffer = buffer.count;
    return std::make_shared<RetryFilter>(std::move(policy));
}

class CircuitBreakerFilter final : public Filter {
public:
    explicit CircuitBreakerFilter(BreakerPolicy policy) : policy_(std::move(policy)) {}

    void ask(RoutePolicies& policies) const override { policies.breaker = policy_; }

    [[nodiscard]] std::string text() const override {
        return fmt::format(
            "SpringCloudCircuitBreakerResilience4JFilterFactory name = '{}', fallback = {}",
            policy_.name,
            policy_.fallback ? "forward:" + policy_.fallback->text() : "null"
        );
    }

private:
    BreakerPolicy policy_;
};

Result<FilterPtr> circuit_breaker(const Arguments& args, const FilterScope& scope) {
    BreakerPolicy policy;
    policy.name = args.text("name", scope.route.id);
    const std::string uri = args.text("fallbackUri");
    if (!uri.empty()) {
        std::string_view path = uri;
        if (!path.starts_with("forward:"))
            return fail(
                Errc::invalid_argument, fmt::format("fallbackUri '{}' does not begin with forward:", uri)
            );
        path.remove_prefix(std::string_view("forward:").size());
        if (!path.starts_with('/'))
            return fail(
                Errc::invalid_argument,
                fmt::format("fallbackUri '{}' needs a path, as forward:/fallback", uri)
            );
        FLT_TRY(policy.fallback, ValueTemplate::compile(path));
    }
    FLT_TRY(policy.statuses, statuses_of(args, "statusCodes"));
    FLT_TRY(policy.resume_without_error, args.flag("resumeWithoutError", false));
    return std::make_shared<CircuitBreakerFilter>(std::move(policy));
}

/// Tells the fallback why it is asked, in short fixed words: nothing of the inside goes to other peers.
class FallbackHeaders final : public Filter {
public:
    explicit FallbackHeaders(std::array<std::string, 4> names) : names_(std::move(names)) {}

    [[nodiscard]] Next before(Exchange& exchange) const override {
        if (!exchange.failure) return Next::go_on;
        for (const std::string& name : names_) exchange.headers().set(name, exchange.failure->type);
        return Next::go_on;
    }

    [[nodiscard]] std::string text() const override { return "FallbackHeaders"; }

private:
    std::array<std::string, 4> names_;
};

}  // namespace

void detail::add_policy_filters(Components& to) {
    const std::vector<std::string> retry_order{
        "retries",
        "statuses",
        "methods",
        "backoff.firstBackoff",
        "backoff.maxBackoff",
        "backoff.factor",
        "backoff.basedOnPreviousValue",
        "jitter.randomFactor",
        "timeout"
    };
    to.filter(
        "Retry",
        {.order = retry_order, .more = {"series", "exceptions", "max-buffer"}, .optional = retry_order},
        retry
    );
    to.filter(
        "CircuitBreaker",
        {.order = {"name"}, .more = {"fallbackUri", "statusCodes", "resumeWithoutError"}, .optional = {"name"}
        },
        circuit_breaker
    );
    const std::vector<std::string> header_names{
        "executionExceptionTypeHeaderName",
        "executionExceptionMessageHeaderName",
        "rootCauseExceptionTypeHeaderName",
        "rootCauseExceptionMessageHeaderName"
    };
    to.filter(
        "FallbackHeaders",
        {.order = {"name"}, .more = header_names, .optional = {"name"}},
        [header_names](const Arguments& args, const FilterScope&) -> Result<FilterPtr> {
            std::array<std::string, 4> names{
                "Execution-Exception-Type",
                "Execution-Exception-Message",
                "Root-Cause-Exception-Type",
                "Root-Cause-Exception-Message"
            };
            for (std::size_t i = 0; i < names.size(); ++i) {
                FLT_TRY(names[i], header_name(args.text(header_names[i], names[i])));
            }
            return std::make_shared<FallbackHeaders>(std::move(names));
        }
    );
}

}  // namespace flotilla::gateway
