#pragma once
/// The meters of a process, by name and tags, as Micrometer has them.
///
///     metrics::Counter placed = registry.counter("orders.placed", {{"region", "kr"}});
///     placed.increment();
///
/// Look a meter up once and keep its handle. Asking again for the same name and tags gives the same meter;
/// with another type it throws std::invalid_argument. Safe from any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/exposition.hpp"
#include "flotilla/metrics/filter.hpp"
#include "flotilla/metrics/meters.hpp"
#include "flotilla/metrics/tags.hpp"
#include "flotilla/metrics/view.hpp"

namespace flotilla::metrics {

/// Text for people and the unit that becomes a suffix of the exported name: `bytes`, `connections`.
struct MeterInfo {
    std::string description{};
    std::string unit{};
};

struct TimerOptions {
    std::string description{};
    std::vector<Duration> slo{};        ///< bucket bounds
    bool percentile_histogram = false;  ///< the fixed set of buckets that can be added up across instances
    std::vector<double> percentiles{};  ///< computed here; cannot be added up
    std::optional<Duration> minimum_expected{};
    std::optional<Duration> maximum_expected{};
    std::optional<Duration> expiry{};  ///< of the window of max and percentiles
    std::optional<std::uint32_t> buffer_length{};
};

struct SummaryOptions {
    std::string description{};
    std::string unit{};
    double scale = 1.0;
    std::vector<double> slo{};
    bool percentile_histogram = false;
    std::vector<double> percentiles{};
    std::optional<double> minimum_expected{};
    std::optional<double> maximum_expected{};
    std::optional<Duration> expiry{};
    std::optional<std::uint32_t> buffer_length{};
};

/// `metrics.distribution.*` for the meters under a name (`all` for every meter). For each field the rule with
/// the longest name wins. Bounds are texts: durations for timers (`50ms`), numbers for summaries.
struct DistributionRule {
    std::string name;
    std::optional<std::vector<std::string>> slo{};
    std::optional<bool> percentiles_histogram{};
    std::optional<std::vector<double>> percentiles{};
    std::optional<std::string> minimum_expected_value{};
    std::optional<std::string> maximum_expected_value{};
    std::optional<Duration> expiry{};
    std::optional<std::uint32_t> buffer_length{};
};

/// At most `count` values of `key` under the meter `name`; meters with further values are folded into one
/// with the value `_other`, so that nothing is lost from the sum.
struct TagLimit {
    std::string name;
    std::string key;
    std::size_t count = 100;
    std::string advice{};  ///< ends the warning that is written once
};

struct RegistryOptions {
    Tags common_tags{};
    Flavor flavor = Flavor::current;
    bool strict_labels = false;    ///< refuse other tag keys under one name
    bool long_task_timers = true;  ///< `observations.long-task-timer`
    bool align_windows = false;    ///< max over one `expiry` as percentiles, rather than three
    std::size_t maximum_series = 100'000;
    std::size_t maximum_per_family = 2'000;
    std::size_t maximum_tags = 64;
    /// `metrics.idle-expiry`: what has not counted for so long is left out until it counts again; zero is
    /// never.
    Duration idle_expiry{};
    std::vector<DistributionRule> distribution{};
    std::vector<TagLimit> tag_limits{
        {"http.server.requests", "uri"},
        {"http.client.requests", "uri", 100, " Are you using 'uriVariables'?"},
    };
};

/// Why a meter does nothing or is missing from the scrape.
enum class Refusal : std::uint8_t {
    filter,    ///< a filter denied it
    series,    ///< the process has too many
    family,    ///< its name has too many
    tags,      ///< it has too many tags
    folded,    ///< counts under `_other`
    conflict,  ///< exported by none, shown by `view`
};
inline constexpr std::array all_refusals{
    Refusal::filter, Refusal::series, Refusal::family, Refusal::tags, Refusal::folded, Refusal::conflict
};
std::string_view to_string(Refusal reason) noexcept;

/// Count and time of something that counts by itself.
struct CountAndTotal {
    double count = 0;
    Duration total{};
};

class Registry {
public:
    explicit Registry(
        RegistryOptions options = {}, const Clock& clock = Clock::system(), log::Logger logger = {}
    );
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    [[nodiscard]] Counter counter(std::string_view name, const Tags& tags = {}, const MeterInfo& info = {});
    [[nodiscard]] Gauge gauge(std::string_view name, const Tags& tags = {}, const MeterInfo& info = {});
    [[nodiscard]] Timer timer(std::string_view name, const Tags& tags = {}, const TimerOptions& options = {});
    [[nodiscard]] Summary summary(
        std::string_view name, const Tags& tags = {}, const SummaryOptions& options = {}
    );
    [[nodiscard]] LongTaskTimer long_task_timer(
        std::string_view name, const Tags& tags = {}, const TimerOptions& options = {}
    );
    [[nodiscard]] MultiGauge multi_gauge(std::string_view name, const MeterInfo& info = {});

    /// Read at each scrape, on the scraping thread. An exception reads NaN. What `read` refers to must
    /// outlive the registry, or `remove` must be called first; asking again for the same meter keeps the
    /// first function.
    void gauge(
        std::string_view name, const Tags& tags, std::function<double()> read, const MeterInfo& info = {}
    );

    /// NaN when the object is gone.
    template <class T, class Read>
    void gauge_of(
        std::string_view name,
        const Tags& tags,
        std::weak_ptr<T> object,
        Read read,
        const MeterInfo& info = {}
    ) {
        gauge(
            name,
            tags,
            [object = std::move(object), read = std::move(read)] {
                const std::shared_ptr<T> alive = object.lock();
                return alive ? static_cast<double>(std::invoke(read, *alive)) : not_a_number();
            },
            info
        );
    }

    /// A time, exported in seconds.
    void time_gauge(
        std::string_view name, const Tags& tags, std::function<Duration()> read, std::string description = {}
    );
    /// A total that something else counts.
    void function_counter(
        std::string_view name, const Tags& tags, std::function<double()> read, const MeterInfo& info = {}
    );
    void function_timer(
        std::string_view name,
        const Tags& tags,
        std::function<CountAndTotal()> read,
        std::string description = {}
    );

    /// Takes a meter out and returns when no scrape reads it any more; handles to it do nothing useful from
    /// now on. Tags as they were given. False when there is none. Not from inside a function of a gauge.
    bool remove(std::string_view name, const Tags& tags = {});

    /// For meters registered from now on.
    void add_filter(Filter filter);
    /// The same at a configuration refresh; says in the log that existing meters keep their buckets.
    void set_distribution(std::vector<DistributionRule> rules);

    /// Moves the windows of maxima and percentiles on. Every scrape does it; call it about once a second
    /// besides, because records carry no time of their own and belong to the window that is open.
    void tick();

    /// The whole text for a scraper. `names` restricts it to families of these names (without `_total` and
    /// `_info`). One scrape at a time; counting threads are never stopped.
    [[nodiscard]] std::string scrape(
        Format format = Format::text, const std::optional<std::vector<std::string>>& names = std::nullopt
    );

    /// What `/actuator/metrics` shows; see view.hpp. Sorted, each once.
    [[nodiscard]] std::vector<std::string> names() const;
    /// All meters of that name whose tags include all of `tags`; nothing when there is none.
    [[nodiscard]] std::optional<MeterView> view(std::string_view name, const Tags& tags = {});

    /// How many lines of samples a scrape has.
    [[nodiscard]] std::size_t series() const;
    [[nodiscard]] std::uint64_t refused(Refusal reason) const noexcept;
    /// How long the last scrape took.
    [[nodiscard]] Duration last_scrape() const noexcept;
    [[nodiscard]] Flavor flavor() const noexcept;
    [[nodiscard]] const Clock& clock() const noexcept;

private:
    static double not_a_number() noexcept;

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::metrics
