#include "flotilla/metrics/view.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "scrape.hpp"
#include "store.hpp"

namespace flotilla::metrics {

namespace {

using detail::Kind;
using detail::Meter;

bool has_all(const Tags& tags, const Tags& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& tag) { return tags.find(tag.first) == tag.second; });
}

/// Adds up measurements and gathers tags, meter by meter.
class Collector {
public:
    Collector(const Tags& wanted, TimePoint now) : wanted_(wanted), now_(now) {}

    void add(const Meter& meter) {
        if (meter.kind == Kind::multi_gauge) {
            for (const auto& row : *static_cast<const detail::MultiGaugeMeter&>(meter).rows()) {
                if (take(row.tags)) measure("VALUE", row.value);
            }
        } else if (take(meter.tags)) {
            measure_all(meter);
        }
    }

    [[nodiscard]] bool empty() const noexcept { return !any_; }

    void finish(MeterView& view) && {
        view.measurements = std::move(measurements_);
        for (auto& [tag, values] : tags_)
            view.available_tags.push_back({tag, {values.begin(), values.end()}});
    }

private:
    bool take(const Tags& tags) {
        if (!has_all(tags, wanted_)) return false;
        any_ = true;
        for (const auto& [key, value] : tags) {
            if (!wanted_.find(key)) tags_[std::string(key)].emplace(value);
        }
        return true;
    }

    void measure_all(const Meter& meter) {
        switch (meter.kind) {
            case Kind::counter: {
                const auto& counter = static_cast<const detail::CounterMeter&>(meter);
                measure("COUNT", detail::counted(*counter.group, counter.cell));
                break;
            }
            case Kind::function_counter:
                measure(
                    "COUNT", detail::read_safely(static_cast<const detail::FunctionCounterMeter&>(meter).read)
                );
                break;
            case Kind::gauge:
                measure(
                    "VALUE",
                    static_cast<const detail::GaugeMeter&>(meter).value.load(std::memory_order_relaxed)
                );
                break;
            case Kind::function_gauge:
                measure(
                    "VALUE", detail::read_safely(static_cast<const detail::FunctionGaugeMeter&>(meter).read)
                );
                break;
            case Kind::multi_gauge:
                break;
            case Kind::timer:
            case Kind::summary: {
                const auto& distribution = static_cast<const detail::DistributionMeter&>(meter);
                measure("COUNT", static_cast<double>(distribution.count()));
                measure(meter.kind == Kind::timer ? "TOTAL_TIME" : "TOTAL", distribution.sum());
                if (meter.kind == Kind::timer) measure("MAX", distribution.max());
                break;
            }
            case Kind::function_timer: {
                const auto value =
                    detail::read_safely(static_cast<const detail::FunctionTimerMeter&>(meter).read);
                measure("COUNT", value.count);
                measure("TOTAL_TIME", static_cast<double>(value.total.count()) / 1e9);
                break;
            }
            case Kind::long_task_timer: {
                const auto reading = static_cast<const detail::LongTaskMeter&>(meter).read(now_);
                measure("ACTIVE_TASKS", static_cast<double>(reading.active));
                measure("DURATION", static_cast<double>(reading.total.count()) / 1e9);
                break;
            }
        }
    }

    void measure(std::string_view statistic, double value) {
        const auto known = std::ranges::find(measurements_, statistic, &Measurement::statistic);
        if (known == measurements_.end()) {
            measurements_.push_back({statistic, value});
        } else if (statistic == "MAX") {
            known->value = std::max(known->value, value);
        } else {
            known->value += value;
        }
    }

    const Tags& wanted_;
    TimePoint now_;
    bool any_ = false;
    std::vector<Measurement> measurements_;
    std::map<std::string, std::set<std::string>> tags_;
};

}  // namespace

std::optional<MeterView> Registry::view(std::string_view name, const Tags& tags) {
    // As a scrape: meters that are read are not removed meanwhile.
    const std::scoped_lock scraping(impl_->scrape_mutex);
    impl_->tick();
    impl_->look_for_idle(impl_->clock.now());
    MeterView view;
    std::vector<const detail::Meter*> meters;
    {
        const std::shared_lock lock(impl_->mutex);
        const auto found = impl_->names.find(name);
        if (found == impl_->names.end()) return std::nullopt;
        view.name = found->second->text;
        view.description = found->second->description;
        view.unit = found->second->unit;
        for (const detail::Meter* meter : found->second->meters)
            if (!meter->idle) meters.push_back(meter);
    }
    Collector collector(tags, impl_->clock.now());
    for (const detail::Meter* meter : meters) collector.add(*meter);
    if (collector.empty()) return std::nullopt;
    std::move(collector).finish(view);
    return view;
}

}  // namespace flotilla::metrics
