#pragma once
/// What a Registry keeps: meters by id and by name, families, and the memory they count in.

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model.hpp"

namespace flotilla::metrics::detail {

/// Meters by their own name and tags. A place costs a pointer, and no search compares strings but at its end.
class MeterTable {
public:
    [[nodiscard]] Meter* find(std::string_view name, const Tags& tags) const;
    /// There is none of its name and tags.
    void insert(Meter& meter);
    void erase(const Meter& meter);

private:
    [[nodiscard]] std::size_t mask() const noexcept { return places_.size() - 1; }

    void put(Meter& meter);

    std::vector<Meter*>
        places_;  ///< a power of two of them, or none; each meter behind its hash without a gap
    std::size_t count_ = 0;
};

/// Meters by the name and tags that were asked for, where filters have changed these.
class AskedTable {
public:
    [[nodiscard]] Meter* find(std::string_view name, const Tags& tags) const;
    void insert(std::string_view name, const Tags& tags, Meter& meter);
    void erase(const Meter& meter);

    [[nodiscard]] bool empty() const noexcept { return meters_.empty(); }

private:
    struct Key {
        std::string_view name;
        const Tags* tags;
    };

    struct Id {
        std::string name;
        Tags tags;

        operator Key() const noexcept { return {name, &tags}; }  // NOLINT(google-explicit-constructor)
    };

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const Key& key) const noexcept;
    };

    struct Equal {
        using is_transparent = void;

        bool operator()(const Key& a, const Key& b) const noexcept {
            return *a.tags == *b.tags && a.name == b.name;
        }
    };

    std::unordered_map<Id, Meter*, Hash, Equal> meters_;
};

/// The request for a meter, as filters may change it.
struct Request {
    MeterId id;
    Kind kind;
    DistributionConfig config{};
};

}  // namespace flotilla::metrics::detail

namespace flotilla::metrics {

struct Registry::Impl {
    Impl(RegistryOptions given, const Clock& clock_used, log::Logger logger_used);

    /// The meter of this name and tags, made by `make` when it is new; nullptr when it is denied.
    template <class M, class Ask, class Make>
    M* obtain(std::string_view name, const Tags& tags, detail::Kind kind, const Ask& ask, const Make& make) {
        if (detail::Meter* known = find(name, tags, kind)) return static_cast<M*>(known);
        const std::unique_lock lock(mutex);
        if (detail::Meter* known = find_locked(name, tags, kind)) return static_cast<M*>(known);
        detail::Request request = ask();
        const Verdict verdict = admit(request);
        if (verdict == Verdict::refused) return nullptr;
        detail::Meter* meter = mapped.find(request.id.name, request.id.tags);
        if (meter) {
            check(*meter, kind);
        } else {
            meter = &add(make(request), request);
        }
        // Folded ids are not remembered: there may be any number of them.
        if (verdict == Verdict::admitted) remember(name, tags, *meter);
        return static_cast<M*>(meter);
    }

    enum class Verdict { admitted, folded, refused };

    detail::Meter* find(std::string_view name, const Tags& tags, detail::Kind kind) const;
    detail::Meter* find_locked(std::string_view name, const Tags& tags, detail::Kind kind) const;
    /// Throws std::invalid_argument when `meter` is of another kind.
    static void check(const detail::Meter& meter, detail::Kind kind);
    /// Filters and limits.
    Verdict admit(detail::Request& request);
    bool fold(MeterId& id);
    Verdict refuse(Refusal reason, const MeterId& id);
    void remember(std::string_view name, const Tags& tags, detail::Meter& meter);
    detail::Meter& add(std::unique_ptr<detail::Meter> meter, const detail::Request& request);
    void join_families(detail::Meter& meter, const MeterId& id, bool histogram);
    bool fits(const std::vector<detail::FamilyPlan>& plans, const detail::Meter& meter) const;
    void remove(detail::Meter& meter);

    std::pair<detail::CellGroup*, std::uint32_t> take_cells(std::uint32_t count);
    const detail::Buckets* buckets_for(std::vector<double> bounds, bool times);
    const detail::Rotation* rotation_for(Duration step);
    std::unique_ptr<detail::DistributionMeter> make_distribution(
        const detail::Request& request, double scale
    );
    void tick();

    struct FamilySnapshot {
        const detail::Family* family;
        detail::Family::Members members;
    };

    /// Leaves out what has been idle for too long, and takes in again what is not any more.
    void look_for_idle(TimePoint now);
    void set_idle(detail::Meter& meter, bool idle);

    std::vector<FamilySnapshot> snapshot(const std::optional<std::vector<std::string>>& names);

    struct Use {
        std::uint64_t mark;  ///< changes with the use
        TimePoint since;
    };

    RegistryOptions options;
    const Clock& clock;
    log::Logger logger;

    // Order of locks: scrape, then mutex. Functions of gauges run under the first alone.
    std::mutex scrape_mutex;
    mutable std::shared_mutex mutex;
    std::vector<Filter> filters;
    std::map<std::string, std::unique_ptr<detail::Name>, std::less<>> names;
    std::map<std::string, std::unique_ptr<detail::Family>, std::less<>> families;
    detail::MeterTable mapped;
    detail::AskedTable asked;
    std::deque<std::unique_ptr<detail::Meter>> meters;   ///< removed ones too: handles may still count there
    std::unordered_map<const detail::Meter*, Use> uses;  ///< with `idle_expiry` only
    std::vector<std::unique_ptr<detail::CellGroup>> groups;
    std::map<std::pair<bool, std::vector<double>>, std::unique_ptr<detail::Buckets>> buckets;
    std::map<Duration, std::unique_ptr<detail::Rotation>> rotations;
    std::map<std::pair<std::string, std::string>, std::set<std::string, std::less<>>> limited_values;
    std::set<std::string, std::less<>> warned;
    const TimePoint origin;
    std::atomic<std::size_t> series{0};
    std::atomic<std::int64_t> last_scrape{0};
    std::array<std::atomic<std::uint64_t>, all_refusals.size()> refused{};
    std::size_t last_size = 0;
};

}  // namespace flotilla::metrics
