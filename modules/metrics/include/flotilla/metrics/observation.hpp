#pragma once
/// One call site, all its meters: a Timer `name` with the tag `error`, a LongTaskTimer `name.active` while it
/// runs, a Counter `name.event` for each event. For rare things; hot paths keep handles.

#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "flotilla/metrics/registry.hpp"

namespace flotilla::metrics {

/// `TimeoutError` for `app::TimeoutError`: the last part of a type's name.
std::string simple_type_name(const std::type_info& type);
/// The name of the exception that is being handled, or `none`.
std::string current_exception_name();

/// Runs from its making to `stop` or its end. Not for several threads at once.
class Observation {
public:
    Observation(Registry& registry, std::string name, Tags tags = {}, TimerOptions options = {});

    ~Observation() { stop(); }

    Observation(const Observation&) = delete;
    Observation& operator=(const Observation&) = delete;

    /// A tag that is known only now; it is the Timer's, not that of what is active.
    void tag(std::string_view key, std::string_view value) { tags_ = tags_.with(key, value); }

    void error(std::string_view simple_name) { error_ = simple_name; }

    void event(std::string_view name);
    void stop();

private:
    Registry& registry_;
    std::string name_;
    Tags tags_;
    TimerOptions options_;
    std::string error_ = "none";
    LongTaskTimer::Task active_;
    TimePoint start_;
    bool running_ = true;
};

/// The equivalent of `@Timed`.
struct TimedOptions {
    std::string class_name;
    std::string method;
    std::string name = "method.timed";
    Tags extra_tags{};
    bool long_task = false;  ///< a LongTaskTimer under the name itself, without the tag `exception`
    bool histogram = false;
    std::vector<double> percentiles{};
};

/// Times its scope. Use `timed` where exceptions have to be told apart.
class TimedScope {
public:
    TimedScope(Registry& registry, TimedOptions options);
    ~TimedScope();
    TimedScope(const TimedScope&) = delete;
    TimedScope& operator=(const TimedScope&) = delete;

    void failed(std::string exception) { exception_ = std::move(exception); }

private:
    Registry& registry_;
    TimedOptions options_;
    std::string exception_ = "none";
    LongTaskTimer::Task active_;
    TimePoint start_;
};

/// `timed(registry, {"shop.Welcome", "greet"}, [&] { return greet(); })`
template <class Work>
decltype(auto) timed(Registry& registry, TimedOptions options, Work&& work) {
    TimedScope scope(registry, std::move(options));
    try {
        return std::forward<Work>(work)();
    } catch (...) {
        scope.failed(current_exception_name());
        throw;
    }
}

}  // namespace flotilla::metrics
