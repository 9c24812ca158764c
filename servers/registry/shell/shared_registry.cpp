#include "shared_registry.hpp"

#include <algorithm>

#include "flotilla/http/gzip.hpp"

namespace flotilla::registry {

namespace {

constexpr std::size_t deltas_kept = 16;
/// Choices of regions that have documents of their own.
constexpr std::size_t sets_kept = 4;
/// Below it gzip costs more than it saves.
constexpr std::size_t worth_gzip = 512;

/// Versions grow over restarts as well, so that one who knew the process before sees that he is behind.
std::uint64_t first_version(const Clock& clock) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(moment_of(clock).wall_ms, 1));
}

}  // namespace

SharedRegistry::SharedRegistry(EurekaServerConfig config, runtime::Runtime& runtime)
    : config_(std::move(config)),
      clock_(runtime.clock()),
      core_(config_, Random::from_system(), moment_of(clock_), first_version(clock_)),
      watch_(runtime, core_.version()) {}

PreparedDocument SharedRegistry::full(const Form& form) {
    // The view is taken under the documents' lock: no older one can come after a newer one.
    const std::lock_guard lock(documents_mutex_);
    const RegistryView view =
        with([&form](InstanceRegistry& core, Moment) { return core.view(form.regions); });
    if (documents_.size() >= sets_kept && !documents_.contains(form.regions)) documents_.clear();
    DocumentCache& documents = documents_[form.regions];
    if (form.gzip) return {documents.gzip(view, form.format, form.detail), true};
    return {documents.text(view, form.format, form.detail), false};
}

PreparedDocument SharedRegistry::delta(const Form& form) {
    const auto delta =
        with([&form](InstanceRegistry& core, Moment at) { return core.delta(form.regions, at); });
    return write_delta(delta, 0, form);
}

PreparedDocument SharedRegistry::delta_since(std::uint64_t& version, const Form& form) {
    const std::uint64_t since = version;
    const auto delta = with([since, &form](InstanceRegistry& core, Moment) {
        return core.delta_since(since, form.regions);
    });
    if (!delta) return {};
    version = static_cast<std::uint64_t>(delta->version);
    return write_delta(*delta, since, form);
}

PreparedDocument SharedRegistry::write_delta(
    const eureka::Applications& delta, std::uint64_t since, const Form& form
) {
    const std::size_t changes = delta.instance_count();
    const std::lock_guard lock(documents_mutex_);
    for (const DeltaDocument& known : deltas_) {
        if (known.since == since && known.version == delta.version && known.changes == changes &&
            known.form == form)
            return {known.text, form.gzip && known.text->starts_with('\x1f')};
    }
    std::string text = eureka::encode(delta, form.format, form.detail);
    const bool gzipped = form.gzip && text.size() >= worth_gzip;
    if (gzipped) text = http::gzip(text);
    auto shared = std::make_shared<const std::string>(std::move(text));
    if (deltas_.size() >= deltas_kept) deltas_.erase(deltas_.begin());
    deltas_.push_back({since, delta.version, changes, form, shared});
    return {std::move(shared), gzipped};
}

}  // namespace flotilla::registry
