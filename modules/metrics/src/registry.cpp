#include "flotilla/metrics/registry.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <tuple>
#include <utility>

#include "scrape.hpp"
#include "store.hpp"

namespace flotilla::metrics {

using detail::Kind;
using detail::Request;

namespace {

std::vector<double> as_doubles(const std::vector<Duration>& durations) {
    std::vector<double> values;
    values.reserve(durations.size());
    for (const Duration duration : durations) values.push_back(static_cast<double>(duration.count()));
    return values;
}

std::optional<double> as_double(std::optional<Duration> duration) {
    if (!duration) return std::nullopt;
    return static_cast<double>(duration->count());
}

DistributionConfig config_of(const TimerOptions& options) {
    return {
        .percentile_histogram = options.percentile_histogram,
        .percentiles = options.percentiles,
        .slo = as_doubles(options.slo),
        .minimum_expected = as_double(options.minimum_expected),
        .maximum_expected = as_double(options.maximum_expected),
        .expiry = options.expiry,
        .buffer_length = options.buffer_length
    };
}

DistributionConfig config_of(const SummaryOptions& options) {
    return {
        .percentile_histogram = options.percentile_histogram,
        .percentiles = options.percentiles,
        .slo = options.slo,
        .minimum_expected = options.minimum_expected,
        .maximum_expected = options.maximum_expected,
        .expiry = options.expiry,
        .buffer_length = options.buffer_length
    };
}

Request request_for(
    std::string_view name,
    const Tags& tags,
    MeterType type,
    Kind kind,
    std::string description,
    std::string unit
) {
    MeterId id{
        .name = std::string(name),
        .tags = tags,
        .type = type,
        .description = std::move(description),
        .unit = std::move(unit)
    };
    return {.id = std::move(id), .kind = kind};
}

}  // namespace

std::string_view to_string(Refusal reason) noexcept {
    static constexpr std::array<std::string_view, all_refusals.size()> names{
        "filter", "series", "family", "tags", "folded", "conflict"
    };
    return names[static_cast<std::size_t>(reason)];
}

Registry::Registry(RegistryOptions options, const Clock& clock, log::Logger logger)
    : impl_(std::make_unique<Impl>(std::move(options), clock, logger)) {}

Registry::~Registry() = default;

Counter Registry::counter(std::string_view name, const Tags& tags, const MeterInfo& info) {
    auto request = [&] {
        return request_for(name, tags, MeterType::counter, Kind::counter, info.description, info.unit);
    };
    const auto* meter =
        impl_->obtain<detail::CounterMeter>(name, tags, Kind::counter, request, [&](const Request&) {
            auto made = std::make_unique<detail::CounterMeter>();
            std::tie(made->group, made->cell) = impl_->take_cells(detail::cells_of_counter);
            return made;
        });
    return meter ? Counter(meter->group, meter->cell) : Counter();
}

Gauge Registry::gauge(std::string_view name, const Tags& tags, const MeterInfo& info) {
    auto request = [&] {
        return request_for(name, tags, MeterType::gauge, Kind::gauge, info.description, info.unit);
    };
    return Gauge(impl_->obtain<detail::GaugeMeter>(name, tags, Kind::gauge, request, [](const Request&) {
        return std::make_unique<detail::GaugeMeter>();
    }));
}

Timer Registry::timer(std::string_view name, const Tags& tags, const TimerOptions& options) {
    auto request = [&] {
        auto made = request_for(name, tags, MeterType::timer, Kind::timer, options.description, "seconds");
        made.config = config_of(options);
        return made;
    };
    return Timer(impl_->obtain<detail::DistributionMeter>(
        name,
        tags,
        Kind::timer,
        request,
        [&](const Request& asked) { return impl_->make_distribution(asked, 1.0); }
    ));
}

Summary Registry::summary(std::string_view name, const Tags& tags, const SummaryOptions& options) {
    auto request = [&] {
        auto made =
            request_for(name, tags, MeterType::summary, Kind::summary, options.description, options.unit);
        made.config = config_of(options);
        return made;
    };
    return Summary(impl_->obtain<detail::DistributionMeter>(
        name,
        tags,
        Kind::summary,
        request,
        [&](const Request& asked) { return impl_->make_distribution(asked, options.scale); }
    ));
}

LongTaskTimer Registry::long_task_timer(
    std::string_view name, const Tags& tags, const TimerOptions& options
) {
    if (!impl_->options.long_task_timers) return {};
    auto request = [&] {
        auto made = request_for(
            name, tags, MeterType::long_task_timer, Kind::long_task_timer, options.description, "seconds"
        );
        made.config = config_of(options);
        return made;
    };
    const auto make = [&](const Request& asked) {
        constexpr double two_minutes = 120e9;
        constexpr double two_hours = 7200e9;
        auto made = std::make_unique<detail::LongTaskMeter>();
        made->buckets = impl_->buckets_for(detail::bounds_of(asked.config, two_minutes, two_hours), true);
        return made;
    };
    return LongTaskTimer(
        impl_->obtain<detail::LongTaskMeter>(name, tags, Kind::long_task_timer, request, make)
    );
}

MultiGauge Registry::multi_gauge(std::string_view name, const MeterInfo& info) {
    auto request = [&] {
        return request_for(name, {}, MeterType::gauge, Kind::multi_gauge, info.description, info.unit);
    };
    const auto make = [&](const Request&) {
        auto made = std::make_unique<detail::MultiGaugeMeter>();
        made->admit = [impl = impl_.get(), asked = request()](const Tags& tags) -> std::optional<Tags> {
            Request row = asked;
            row.id.tags = tags;
            const std::shared_lock lock(impl->mutex);
            for (const Filter& filter : impl->filters) {
                if (filter.map) row.id = filter.map(std::move(row.id));
            }
            if (row.id.tags.size() > impl->options.maximum_tags) return std::nullopt;
            return row.id.tags;
        };
        return made;
    };
    return MultiGauge(impl_->obtain<detail::MultiGaugeMeter>(name, {}, Kind::multi_gauge, request, make));
}

void Registry::gauge(
    std::string_view name, const Tags& tags, std::function<double()> read, const MeterInfo& info
) {
    auto request = [&] {
        return request_for(name, tags, MeterType::gauge, Kind::function_gauge, info.description, info.unit);
    };
    impl_->obtain<detail::FunctionGaugeMeter>(name, tags, Kind::function_gauge, request, [&](const Request&) {
        auto made = std::make_unique<detail::FunctionGaugeMeter>();
        made->read = std::move(read);
        return made;
    });
}

void Registry::time_gauge(
    std::string_view name, const Tags& tags, std::function<Duration()> read, std::string description
) {
    const auto in_seconds = [read = std::move(read)] { return static_cast<double>(read().count()) / 1e9; };
    gauge(name, tags, in_seconds, {.description = std::move(description), .unit = "seconds"});
}

void Registry::function_counter(
    std::string_view name, const Tags& tags, std::function<double()> read, const MeterInfo& info
) {
    auto request = [&] {
        return request_for(
            name, tags, MeterType::counter, Kind::function_counter, info.description, info.unit
        );
    };
    impl_->obtain<detail::FunctionCounterMeter>(
        name,
        tags,
        Kind::function_counter,
        request,
        [&](const Request&) {
            auto made = std::make_unique<detail::FunctionCounterMeter>();
            made->read = std::move(read);
            return made;
        }
    );
}

void Registry::function_timer(
    std::string_view name, const Tags& tags, std::function<CountAndTotal()> read, std::string description
) {
    auto request = [&] {
        return request_for(name, tags, MeterType::timer, Kind::function_timer, description, "seconds");
    };
    impl_->obtain<detail::FunctionTimerMeter>(name, tags, Kind::function_timer, request, [&](const Request&) {
        auto made = std::make_unique<detail::FunctionTimerMeter>();
        made->read = std::move(read);
        return made;
    });
}

bool Registry::remove(std::string_view name, const Tags& tags) {
    const std::scoped_lock scraping(impl_->scrape_mutex);
    const std::unique_lock lock(impl_->mutex);
    detail::Meter* meter = impl_->asked.find(name, tags);
    if (!meter) meter = impl_->mapped.find(name, tags);
    if (!meter) return false;
    impl_->remove(*meter);
    return true;
}

void Registry::add_filter(Filter filter) {
    const std::unique_lock lock(impl_->mutex);
    impl_->filters.push_back(std::move(filter));
}

void Registry::set_distribution(std::vector<DistributionRule> rules) {
    {
        const std::unique_lock lock(impl_->mutex);
        impl_->options.distribution = std::move(rules);
    }
    impl_->logger.info(
        "metrics.distribution has changed: meters that exist keep their buckets, new ones follow it"
    );
}

void Registry::tick() {
    impl_->tick();
}

std::string Registry::scrape(Format format, const std::optional<std::vector<std::string>>& wanted) {
    const std::scoped_lock scraping(impl_->scrape_mutex);
    const TimePoint start = impl_->clock.now();
    impl_->tick();
    impl_->look_for_idle(start);
    auto families = impl_->snapshot(wanted);
    const Flavor flavor = impl_->options.flavor;
    if (flavor == Flavor::legacy) {
        // Micrometer of that time wrote the maximum of a long task timer before the timer itself.
        const auto place = [](const Impl::FamilySnapshot& taken) {
            const detail::FamilyPlan& plan = taken.family->plan;
            std::string_view key = plan.key;
            const bool early = plan.part == detail::Part::max && !taken.members->empty() &&
                               taken.members->front()->kind == Kind::long_task_timer;
            if (early) key.remove_suffix(std::string_view("_max").size());
            return std::pair(key, early ? 0 : 1);
        };
        std::ranges::sort(families, {}, place);
    }
    std::string out;
    out.reserve(impl_->last_size + impl_->last_size / 8);
    detail::ScrapeWriter writer(format, flavor, start, out);
    for (const auto& [family, members] : families) writer.write(*family, *members);
    writer.finish();
    if (!wanted) impl_->last_size = out.size();
    impl_->last_scrape.store((impl_->clock.now() - start).count(), std::memory_order_relaxed);
    return out;
}

std::vector<std::string> Registry::names() const {
    const std::shared_lock lock(impl_->mutex);
    std::vector<std::string> all;
    all.reserve(impl_->names.size());
    for (const auto& [name, kept] : impl_->names) {
        const bool idle = std::ranges::all_of(kept->meters, [](const detail::Meter* m) { return m->idle; });
        if (!idle) all.push_back(name);
    }
    return all;
}

std::size_t Registry::series() const {
    return impl_->series.load(std::memory_order_relaxed);
}

std::uint64_t Registry::refused(Refusal reason) const noexcept {
    return impl_->refused[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
}

Duration Registry::last_scrape() const noexcept {
    return Duration{impl_->last_scrape.load(std::memory_order_relaxed)};
}

Flavor Registry::flavor() const noexcept {
    return impl_->options.flavor;
}

const Clock& Registry::clock() const noexcept {
    return impl_->clock;
}

double Registry::not_a_number() noexcept {
    return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace flotilla::metrics
