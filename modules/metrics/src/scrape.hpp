#pragma once
/// Writes families in the formats of exposition.hpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"

namespace flotilla::metrics::detail {

class ScrapeWriter {
public:
    ScrapeWriter(Format format, Flavor flavor, TimePoint now, std::string& out)
        : out_(out),
          now_(now),
          openmetrics_(format == Format::openmetrics),
          legacy_(flavor == Flavor::legacy) {}

    void write(const Family& family, const std::vector<const Meter*>& members);
    void finish();

private:
    void head(const Family& family);
    void main_samples(const Family& family, const Meter& meter);
    void distribution(const Family& family, const DistributionMeter& meter);
    void long_task(const Family& family, const LongTaskMeter& meter);
    void bucket_lines(
        std::string_view name, const Meter& meter, const Buckets& buckets, std::vector<std::uint64_t>& counts
    );
    double value_of_part(Part part, const Meter& meter) const;

    /// `name_suffix{labels} ` with what stands in braces.
    void start(
        std::string_view name, std::string_view suffix, std::string_view labels, std::string_view last = {}
    );
    void integer(std::uint64_t value);
    void number(double value);
    void exemplar(const Meter& meter, std::uint32_t bucket);

    void end_line() { out_ += '\n'; }

    std::string& out_;
    TimePoint now_;
    bool openmetrics_;
    bool legacy_;
    std::vector<std::uint64_t> counts_;
    LabelText labels_;  ///< of the meter that is written
    std::string last_label_;
};

/// What a function says, or NaN when it throws.
double read_safely(const std::function<double()>& read) noexcept;
CountAndTotal read_safely(const std::function<CountAndTotal()>& read) noexcept;

}  // namespace flotilla::metrics::detail
