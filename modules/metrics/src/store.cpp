#include "store.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <stdexcept>
#include <tuple>

#include "distribution.hpp"
#include "flotilla/base/assert.hpp"

namespace flotilla::metrics {

using detail::Kind;
using detail::Meter;

namespace detail {

namespace {

std::size_t hash_of(std::string_view name, const Tags& tags) noexcept {
    return std::hash<std::string_view>()(name) * 31 + tags.hash();
}

std::uint32_t short_hash_of(std::string_view name, const Tags& tags) noexcept {
    return static_cast<std::uint32_t>(hash_of(name, tags));
}

}  // namespace

Meter* MeterTable::find(std::string_view name, const Tags& tags) const {
    if (places_.empty()) return nullptr;
    const std::uint32_t hash = short_hash_of(name, tags);
    for (std::size_t at = hash & mask(); Meter* meter = places_[at]; at = (at + 1) & mask()) {
        if (meter->hash == hash && meter->name->text == name && meter->tags == tags) return meter;
    }
    return nullptr;
}

void MeterTable::insert(Meter& meter) {
    // At most three quarters are taken: every search meets a free place soon.
    if (++count_ * 4 > places_.size() * 3) {
        const std::vector<Meter*> former =
            std::exchange(places_, std::vector<Meter*>(std::max<std::size_t>(16, places_.size() * 2)));
        for (Meter* known : former)
            if (known) put(*known);
    }
    meter.hash = short_hash_of(meter.name->text, meter.tags);
    put(meter);
}

void MeterTable::put(Meter& meter) {
    std::size_t at = meter.hash & mask();
    while (places_[at]) at = (at + 1) & mask();
    places_[at] = &meter;
}

void MeterTable::erase(const Meter& meter) {
    std::size_t free = meter.hash & mask();
    while (places_[free] != &meter) free = (free + 1) & mask();
    places_[free] = nullptr;
    --count_;
    // Those behind it that had to pass its place move up.
    for (std::size_t at = (free + 1) & mask(); places_[at]; at = (at + 1) & mask()) {
        const std::size_t wanted = places_[at]->hash & mask();
        if (((at - wanted) & mask()) < ((at - free) & mask())) continue;
        places_[free] = std::exchange(places_[at], nullptr);
        free = at;
    }
}

std::size_t AskedTable::Hash::operator()(const Key& key) const noexcept {
    return hash_of(key.name, *key.tags);
}

Meter* AskedTable::find(std::string_view name, const Tags& tags) const {
    const auto found = meters_.find(Key{name, &tags});
    return found == meters_.end() ? nullptr : found->second;
}

void AskedTable::insert(std::string_view name, const Tags& tags, Meter& meter) {
    meters_.emplace(Id{std::string(name), tags}, &meter);
}

void AskedTable::erase(const Meter& meter) {
    std::erase_if(meters_, [&](const auto& entry) { return entry.second == &meter; });
}

}  // namespace detail

Registry::Impl::Impl(RegistryOptions given, const Clock& clock_used, log::Logger logger_used)
    : options(std::move(given)), clock(clock_used), logger(logger_used), origin(clock_used.now()) {
    if (!options.common_tags.empty()) filters.push_back(filters::common_tags(options.common_tags));
}

Meter* Registry::Impl::find(std::string_view name, const Tags& tags, Kind kind) const {
    const std::shared_lock lock(mutex);
    return find_locked(name, tags, kind);
}

Meter* Registry::Impl::find_locked(std::string_view name, const Tags& tags, Kind kind) const {
    Meter* meter = asked.empty() ? nullptr : asked.find(name, tags);
    if (!meter) {
        meter = mapped.find(name, tags);
        if (meter && !meter->unchanged) meter = nullptr;
    }
    if (meter) check(*meter, kind);
    return meter;
}

void Registry::Impl::check(const Meter& meter, Kind kind) {
    if (meter.kind == kind) return;
    throw std::invalid_argument("the meter " + meter.name->text + " is already registered as another type");
}

Registry::Impl::Verdict Registry::Impl::admit(detail::Request& request) {
    MeterId& id = request.id;
    for (const Filter& filter : filters) {
        if (filter.map) id = filter.map(std::move(id));
    }
    for (const Filter& filter : filters) {
        const Decision decision = filter.accept ? filter.accept(id) : Decision::neutral;
        if (decision == Decision::accept) break;
        if (decision == Decision::deny) {
            refused[static_cast<std::size_t>(Refusal::filter)].fetch_add(1, std::memory_order_relaxed);
            return Verdict::refused;
        }
    }
    if (id.tags.size() > options.maximum_tags) return refuse(Refusal::tags, id);
    const Verdict verdict = fold(id) ? Verdict::folded : Verdict::admitted;
    if (mapped.find(id.name, id.tags)) return verdict;
    const auto name = names.find(id.name);
    if (name != names.end() && name->second->meters.size() >= options.maximum_per_family)
        return refuse(Refusal::family, id);
    if (series.load(std::memory_order_relaxed) >= options.maximum_series) return refuse(Refusal::series, id);
    if (request.kind == Kind::timer || request.kind == Kind::summary ||
        request.kind == Kind::long_task_timer) {
        const bool times = request.kind != Kind::summary;
        detail::apply_rules(options.distribution, id.name, times, request.config, logger);
        for (const Filter& filter : filters) {
            if (filter.configure) filter.configure(id, request.config);
        }
    }
    return verdict;
}

bool Registry::Impl::fold(MeterId& id) {
    bool folded = false;
    for (const TagLimit& limit : options.tag_limits) {
        if (limit.name != id.name) continue;
        const auto value = id.tags.find(limit.key);
        if (!value || *value == "_other") continue;
        auto& seen = limited_values[{limit.name, limit.key}];
        if (seen.contains(*value)) continue;
        if (seen.size() < limit.count) {
            seen.emplace(*value);
            continue;
        }
        id.tags = id.tags.with(limit.key, "_other");
        folded = true;
        refused[static_cast<std::size_t>(Refusal::folded)].fetch_add(1, std::memory_order_relaxed);
        if (warned.insert(limit.name + '\n' + limit.key).second) {
            logger.warn(
                "Reached the maximum number of {} tags for '{}'.{}",
                limit.key == "uri" ? "URI" : limit.key,
                limit.name,
                limit.advice
            );
        }
    }
    return folded;
}

Registry::Impl::Verdict Registry::Impl::refuse(Refusal reason, const MeterId& id) {
    refused[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
    if (warned.insert(std::string(to_string(reason)) + '\n' + (reason == Refusal::series ? "" : id.name))
            .second) {
        logger.warn("The meter '{}' is not counted: too many {}.", id.name, to_string(reason));
    }
    return Verdict::refused;
}

void Registry::Impl::remember(std::string_view name, const Tags& tags, Meter& meter) {
    if (name == meter.name->text && tags == meter.tags) {
        meter.unchanged = true;
        return;
    }
    asked.insert(name, tags, meter);
}

Meter& Registry::Impl::add(std::unique_ptr<Meter> made, const detail::Request& request) {
    Meter& meter = *made;
    const MeterId& id = request.id;
    auto& name = names[id.name];
    if (!name) {
        name = std::make_unique<detail::Name>();
        name->text = id.name;
    }
    if (name->description.empty()) name->description = id.description;
    if (name->unit.empty()) name->unit = id.unit;
    meter.name = name.get();
    meter.tags = id.tags;
    meter.kind = request.kind;
    bool histogram = false;
    if (request.kind == Kind::timer || request.kind == Kind::summary) {
        const auto& distribution = static_cast<const detail::DistributionMeter&>(meter);
        histogram = distribution.buckets != nullptr;
        const std::size_t quantiles =
            distribution.percentiles ? distribution.percentiles->percentiles().size() : 0;
        meter.lines = 3 + (histogram ? distribution.bucket_count() : static_cast<std::uint32_t>(quantiles));
    } else if (request.kind == Kind::long_task_timer) {
        const auto& long_task = static_cast<const detail::LongTaskMeter&>(meter);
        histogram = long_task.buckets != nullptr;
        meter.lines = 3 + (histogram ? long_task.buckets->size() : 0);
    } else if (request.kind == Kind::function_timer) {
        meter.lines = 2;
    }
    name->meters.push_back(&meter);
    mapped.insert(meter);
    meters.push_back(std::move(made));
    join_families(meter, id, histogram);
    return meter;
}

void Registry::Impl::join_families(Meter& meter, const MeterId& id, bool histogram) {
    const auto plans = detail::plan_families(id.name, id.unit, meter.kind, histogram, options.flavor);
    if (!fits(plans, meter)) {
        detail::LabelText labels;
        labels.render(meter.tags);
        refused[static_cast<std::size_t>(Refusal::conflict)].fetch_add(1, std::memory_order_relaxed);
        logger.log(
            std::exchange(meter.name->warned, true) ? log::Level::debug : log::Level::warn,
            "The meter '{}' {{{}}} is not exported: '{}' is taken by a meter of another name, type or tag "
            "keys.",
            id.name,
            labels.text(),
            plans.front().name
        );
        return;
    }
    for (const detail::FamilyPlan& plan : plans) {
        auto& family = families[plan.key];
        if (!family) {
            family = std::make_unique<detail::Family>();
            family->plan = plan;
            family->name = meter.name;
            family->help = id.description;
        }
        family->meters.push_back(&meter);
        family->sorted = nullptr;
    }
    meter.exported = true;
    series.fetch_add(meter.lines, std::memory_order_relaxed);
}

bool Registry::Impl::fits(const std::vector<detail::FamilyPlan>& plans, const Meter& meter) const {
    for (const detail::FamilyPlan& plan : plans) {
        const auto found = families.find(plan.key);
        if (found == families.end()) continue;
        const detail::Family& family = *found->second;
        if (family.name != meter.name || family.plan.type != plan.type || family.plan.part != plan.part)
            return false;
        if (family.plan.name != plan.name) return false;
        if (!options.strict_labels || family.meters.empty()) continue;
        const Tags& other = family.meters.front()->tags;
        const bool same_keys = std::ranges::equal(other, meter.tags, [](const auto& a, const auto& b) {
            return a.first == b.first;
        });
        if (!same_keys) return false;
    }
    return true;
}

void Registry::Impl::remove(Meter& meter) {
    for (auto it = families.begin(); it != families.end();) {
        detail::Family& family = *it->second;
        if (std::erase(family.meters, &meter) > 0) family.sorted = nullptr;
        it = family.meters.empty() ? families.erase(it) : std::next(it);
    }
    if (meter.exported && !meter.idle) series.fetch_sub(meter.lines, std::memory_order_relaxed);
    uses.erase(&meter);
    mapped.erase(meter);
    asked.erase(meter);
    std::erase(meter.name->meters, &meter);
    if (meter.name->meters.empty()) {
        for (auto& [key, family] : families) FLT_ASSERT(family->name != meter.name);
        names.erase(names.find(meter.name->text));
    }
    meter.name = nullptr;
    // The meter stays for handles that are still around, but what a function holds on to is let go.
    if (meter.kind == Kind::function_gauge) static_cast<detail::FunctionGaugeMeter&>(meter).read = nullptr;
    if (meter.kind == Kind::function_counter)
        static_cast<detail::FunctionCounterMeter&>(meter).read = nullptr;
    if (meter.kind == Kind::function_timer) static_cast<detail::FunctionTimerMeter&>(meter).read = nullptr;
}

std::pair<detail::CellGroup*, std::uint32_t> Registry::Impl::take_cells(std::uint32_t count) {
    if (!groups.empty()) {
        detail::CellGroup& last = *groups.back();
        if (const std::uint32_t at = last.take(count); at < last.capacity()) return {&last, at};
    }
    groups.push_back(
        std::make_unique<detail::CellGroup>(std::max(detail::CellGroup::default_capacity, count), clock)
    );
    return {groups.back().get(), groups.back()->take(count)};
}

const detail::Buckets* Registry::Impl::buckets_for(std::vector<double> bounds, bool times) {
    if (bounds.empty()) return nullptr;
    auto& known = buckets[{times, bounds}];
    if (!known) known = std::make_unique<detail::Buckets>(std::move(bounds), times);
    return known.get();
}

const detail::Rotation* Registry::Impl::rotation_for(Duration step) {
    step = std::max(step, Duration{std::chrono::milliseconds(1)});
    auto& known = rotations[step];
    if (!known) {
        known = std::make_unique<detail::Rotation>(step, origin);
        known->move_to(clock.now());
    }
    return known.get();
}

std::unique_ptr<detail::DistributionMeter> Registry::Impl::make_distribution(
    const detail::Request& request, double scale
) {
    const DistributionConfig& config = request.config;
    const bool times = request.kind == Kind::timer;
    auto meter = std::make_unique<detail::DistributionMeter>();
    meter->kind = request.kind;
    meter->scale = scale;
    meter->clock = &clock;
    meter->buckets = buckets_for(
        times ? detail::bounds_of(config, 1e6, 30e9)
              : detail::bounds_of(config, 0, std::numeric_limits<double>::infinity()),
        times
    );
    const std::uint32_t length = std::clamp(config.buffer_length.value_or(3), 1u, 16u);
    const Duration expiry = config.expiry.value_or(std::chrono::minutes(1));
    meter->rotation = rotation_for(options.align_windows ? expiry / length : expiry);
    meter->visible = length;
    // One pair more than is looked at, so that a pair is never reused while somebody reads it.
    meter->ring_mask = std::bit_ceil(length + 1) - 1;
    if (!config.percentiles.empty()) {
        meter->percentiles = std::make_unique<detail::PercentileWindow>(
            config.percentiles, length, *rotation_for(expiry / length)
        );
    }
    const std::uint32_t cells = 1 + meter->bucket_count() + 2 * (meter->ring_mask + 1);
    std::tie(meter->group, meter->offset) = take_cells(cells);
    return meter;
}

void Registry::Impl::tick() {
    const TimePoint now = clock.now();
    const std::shared_lock lock(mutex);
    for (const auto& [step, rotation] : rotations) rotation->move_to(now);
}

std::vector<Registry::Impl::FamilySnapshot> Registry::Impl::snapshot(
    const std::optional<std::vector<std::string>>& wanted
) {
    std::vector<FamilySnapshot> taken;
    const std::unique_lock lock(mutex);
    taken.reserve(families.size());
    for (const auto& [key, family] : families) {
        if (wanted && std::ranges::find(*wanted, key) == wanted->end()) continue;
        const auto& members = family->members();
        if (!members->empty()) taken.push_back({family.get(), members});
    }
    return taken;
}

}  // namespace flotilla::metrics
