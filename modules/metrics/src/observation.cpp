#include "flotilla/metrics/observation.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace flotilla::metrics {

namespace {

struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
};

Tags tags_of(const TimedOptions& options) {
    return Tags{{"class", options.class_name}, {"method", options.method}}.with(options.extra_tags);
}

}  // namespace

std::string simple_type_name(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, Free> whole(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status));
    std::string_view name = status == 0 ? whole.get() : type.name();
    // Template arguments may hold names with parts of their own.
    name = name.substr(0, name.find('<'));
    if (const std::size_t colon = name.rfind("::"); colon != name.npos) name.remove_prefix(colon + 2);
    return std::string(name);
}

std::string current_exception_name() {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return type ? simple_type_name(*type) : "none";
}

Observation::Observation(Registry& registry, std::string name, Tags tags, TimerOptions options)
    : registry_(registry),
      name_(std::move(name)),
      tags_(std::move(tags)),
      options_(std::move(options)),
      start_(registry.clock().now()) {
    active_ = registry_.long_task_timer(name_ + ".active", tags_).start(start_);
}

void Observation::event(std::string_view name) {
    registry_.counter(name_ + "." + std::string(name), tags_).increment();
}

void Observation::stop() {
    if (!std::exchange(running_, false)) return;
    active_.stop();
    registry_.timer(name_, tags_.with("error", error_), options_).record(registry_.clock().now() - start_);
}

TimedScope::TimedScope(Registry& registry, TimedOptions options)
    : registry_(registry), options_(std::move(options)), start_(registry.clock().now()) {
    if (options_.long_task)
        active_ = registry_.long_task_timer(options_.name, tags_of(options_)).start(start_);
}

TimedScope::~TimedScope() {
    if (options_.long_task) return;
    registry_
        .timer(
            options_.name,
            tags_of(options_).with("exception", exception_),
            {.percentile_histogram = options_.histogram, .percentiles = options_.percentiles}
        )
        .record(registry_.clock().now() - start_);
}

}  // namespace flotilla::metrics
