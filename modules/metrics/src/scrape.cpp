#include "scrape.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "flotilla/base/encoding.hpp"
#include "number.hpp"

namespace flotilla::metrics::detail {

namespace {

double seconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e9;
}

std::string_view type_text(FamilyType type, bool openmetrics) {
    switch (type) {
        case FamilyType::counter:
            return "counter";
        case FamilyType::gauge:
            return "gauge";
        case FamilyType::info:
            return openmetrics ? "info" : "gauge";
        case FamilyType::summary:
            return "summary";
        case FamilyType::histogram:
            return "histogram";
        case FamilyType::gauge_histogram:
            return openmetrics ? "gaugehistogram" : "histogram";
    }
    return "unknown";
}

/// Many meters in the order of their tags lie all over the heap: those to come are on their way meanwhile.
void fetch_ahead(const std::vector<const Meter*>& members, std::size_t at) {
    constexpr std::size_t steps = 8;
    if (at + 2 * steps >= members.size()) return;
    __builtin_prefetch(members[at + 2 * steps]);
    __builtin_prefetch(members[at + steps]->tags.bytes().data());
}

}  // namespace

double read_safely(const std::function<double()>& read) noexcept {
    try {
        return read();
    } catch (...) {
        return std::numeric_limits<double>::quiet_NaN();
    }
}

CountAndTotal read_safely(const std::function<CountAndTotal()>& read) noexcept {
    try {
        return read();
    } catch (...) {
        return {std::numeric_limits<double>::quiet_NaN(), {}};
    }
}

void ScrapeWriter::write(const Family& family, const std::vector<const Meter*>& members) {
    const Part part = family.plan.part;
    // A gauge histogram of OpenMetrics has these two itself.
    if (openmetrics_ && (part == Part::active_count || part == Part::active_sum)) return;
    head(family);
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Meter* const meter = members[i];
        fetch_ahead(members, i);
        labels_.render(meter->tags);
        if (part == Part::main) {
            main_samples(family, *meter);
        } else {
            start(family.plan.name, {}, labels_.text());
            number(value_of_part(part, *meter));
            end_line();
        }
    }
}

void ScrapeWriter::finish() {
    if (openmetrics_) out_ += "# EOF\n";
}

void ScrapeWriter::head(const Family& family) {
    const std::string_view name = openmetrics_ ? family.plan.key : family.plan.name;
    const auto help = [&] {
        (out_ += "# HELP ").append(name) += ' ';
        if (family.help.empty()) {
            out_ += ' ';
        } else {
            append_help_escaped(out_, family.help, openmetrics_);
        }
        out_ += '\n';
    };
    if (!openmetrics_) help();
    ((out_ += "# TYPE ").append(name) += ' ').append(type_text(family.plan.type, openmetrics_)) += '\n';
    if (openmetrics_) help();
}

void ScrapeWriter::main_samples(const Family& family, const Meter& meter) {
    const std::string_view name = family.plan.name;
    const auto simple = [&](double value) {
        start(name, {}, labels_.text());
        if (family.plan.type == FamilyType::info) {
            integer(1);
        } else {
            // OpenMetrics forbids NaN for totals.
            number(
                openmetrics_ && family.plan.type == FamilyType::counter && std::isnan(value) ? 0.0 : value
            );
            exemplar(meter, 0);
        }
        end_line();
    };
    switch (meter.kind) {
        case Kind::counter: {
            const auto& counter = static_cast<const CounterMeter&>(meter);
            simple(counted(*counter.group, counter.cell));
            break;
        }
        case Kind::function_counter:
            simple(read_safely(static_cast<const FunctionCounterMeter&>(meter).read));
            break;
        case Kind::gauge:
            simple(static_cast<const GaugeMeter&>(meter).value.load(std::memory_order_relaxed));
            break;
        case Kind::function_gauge:
            simple(read_safely(static_cast<const FunctionGaugeMeter&>(meter).read));
            break;
        case Kind::multi_gauge:
            for (const auto& row : *static_cast<const MultiGaugeMeter&>(meter).rows()) {
                labels_.render(row.tags);
                start(name, {}, labels_.text());
                number(row.value);
                end_line();
            }
            break;
        case Kind::timer:
        case Kind::summary:
            distribution(family, static_cast<const DistributionMeter&>(meter));
            break;
        case Kind::function_timer: {
            const CountAndTotal value = read_safely(static_cast<const FunctionTimerMeter&>(meter).read);
            start(name, "_count", labels_.text());
            if (value.count >= 0) {
                integer(static_cast<std::uint64_t>(value.count));
            } else {
                number(value.count);
            }
            end_line();
            start(name, "_sum", labels_.text());
            number(seconds(value.total));
            end_line();
            break;
        }
        case Kind::long_task_timer:
            long_task(family, static_cast<const LongTaskMeter&>(meter));
            break;
    }
}

void ScrapeWriter::distribution(const Family& family, const DistributionMeter& meter) {
    const std::string_view name = family.plan.name;
    counts_.assign(meter.bucket_count(), 0);
    meter.add_counts(counts_.data());
    const double sum = meter.sum();
    if (meter.buckets) {
        bucket_lines(name, meter, *meter.buckets, counts_);
    } else if (meter.percentiles) {
        const std::vector<double> values = meter.percentiles->values();
        const double unit = meter.kind == Kind::summary ? 1.0 : 1e9;
        for (std::size_t i = 0; i < values.size(); ++i) {
            last_label_ = "quantile=\"";
            append_java_double(last_label_, meter.percentiles->percentiles()[i]);
            last_label_ += '"';
            start(name, {}, labels_.text(), last_label_);
            number(values[i] / unit);
            end_line();
        }
    }
    start(name, "_count", labels_.text());
    integer(counts_.back());
    end_line();
    start(name, "_sum", labels_.text());
    number(sum);
    end_line();
}

void ScrapeWriter::long_task(const Family& family, const LongTaskMeter& meter) {
    const std::string_view name = family.plan.name;
    LongTaskMeter::Reading reading = meter.read(now_);
    const bool gauge_histogram = family.plan.type == FamilyType::gauge_histogram;
    if (meter.buckets) bucket_lines(name, meter, *meter.buckets, reading.buckets);
    if (gauge_histogram && !openmetrics_) return;  // families of their own
    start(name, legacy_ ? "_active_count" : (gauge_histogram ? "_gcount" : "_count"), labels_.text());
    integer(reading.active);
    end_line();
    start(name, legacy_ ? "_duration_sum" : (gauge_histogram ? "_gsum" : "_sum"), labels_.text());
    number(seconds(reading.total));
    end_line();
}

void ScrapeWriter::bucket_lines(
    std::string_view name, const Meter& meter, const Buckets& buckets, std::vector<std::uint64_t>& counts
) {
    for (std::uint32_t i = 0; i < buckets.size(); ++i) {
        if (i > 0) counts[i] += counts[i - 1];
        last_label_ = "le=\"";
        last_label_ += buckets.texts()[i];
        last_label_ += '"';
        start(name, "_bucket", labels_.text(), last_label_);
        integer(counts[i]);
        exemplar(meter, i);
        end_line();
    }
}

double ScrapeWriter::value_of_part(Part part, const Meter& meter) const {
    if (meter.kind != Kind::long_task_timer) return static_cast<const DistributionMeter&>(meter).max();
    const LongTaskMeter::Reading reading = static_cast<const LongTaskMeter&>(meter).read(now_);
    switch (part) {
        case Part::active_count:
            return static_cast<double>(reading.active);
        case Part::active_sum:
            return seconds(reading.total);
        default:
            return seconds(reading.longest);
    }
}

void ScrapeWriter::start(
    std::string_view name, std::string_view suffix, std::string_view labels, std::string_view last
) {
    const std::size_t before = out_.size();
    constexpr std::size_t signs = 5;  // braces, commas and a blank
    const std::size_t longest = before + name.size() + suffix.size() + labels.size() + last.size() + signs;
    out_.resize_and_overwrite(longest, [&](char* const text, std::size_t) {
        char* to = text + before;
        const auto put = [&](std::string_view piece) {
            std::memcpy(to, piece.data(), piece.size());
            to += piece.size();
        };
        put(name);
        if (!suffix.empty()) put(suffix);
        if (!labels.empty() || !last.empty()) {
            *to++ = '{';
            if (!labels.empty()) put(labels);
            if (!labels.empty() && !last.empty()) *to++ = ',';
            if (!last.empty()) put(last);
            if (legacy_) *to++ = ',';
            *to++ = '}';
        }
        *to++ = ' ';
        return static_cast<std::size_t>(to - text);
    });
}

void ScrapeWriter::integer(std::uint64_t value) {
    if (legacy_) {
        append_java_double(out_, static_cast<double>(value));
    } else {
        append_integer(out_, value);
    }
}

void ScrapeWriter::number(double value) {
    append_java_double(out_, value);
}

void ScrapeWriter::exemplar(const Meter& meter, std::uint32_t bucket) {
    if (!openmetrics_) return;
    std::optional<Exemplar> found;
    if (meter.kind == Kind::counter) {
        const auto& counter = static_cast<const CounterMeter&>(meter);
        found = counter.group->exemplars().find(counter.cell, now_);
    } else if (meter.kind == Kind::timer || meter.kind == Kind::summary) {
        const auto& distribution = static_cast<const DistributionMeter&>(meter);
        if (const Exemplars* kept = distribution.exemplars.load(std::memory_order_acquire))
            found = kept->find(bucket, now_);
    }
    if (!found) return;
    ((out_ += " # {span_id=\"") += span_id_text(found->trace)) += "\",trace_id=\"";
    (out_ += trace_id_text(found->trace)) += "\"} ";
    append_java_double(out_, found->value);
    const auto millis = std::chrono::floor<std::chrono::milliseconds>(found->time.time_since_epoch()).count();
    out_ += ' ';
    append_integer(out_, static_cast<std::uint64_t>(millis / 1000));
    const std::string thousandths = std::to_string(1000 + millis % 1000);
    (out_ += '.').append(thousandths, 1);
}

}  // namespace flotilla::metrics::detail
