#pragma once
/// What a load run has seen so far.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/shop/driver/latency_histogram.hpp"
#include "flotilla/shop/driver/mix.hpp"

namespace flotilla::shop::driver {

enum class Ending : std::uint8_t {
    succeeded,
    refused,  ///< a proper no: out of stock
    failed,
};

struct OperationTally {
    LatencyHistogram latencies;  ///< whatever the ending
    std::uint64_t succeeded = 0;
    std::uint64_t refused = 0;
    std::uint64_t failed = 0;
    std::uint64_t retries = 0;
    std::uint64_t degraded = 0;                       ///< answers with `X-Degraded`
    std::map<std::string, std::uint64_t> failures{};  ///< by kind: `http 503`, `timeout`

    [[nodiscard]] std::uint64_t count() const noexcept { return succeeded + refused + failed; }
};

/// Of one loop; takes no lock.
class LoadTally {
public:
    /// `kind` is of a failure; `example` what one such looked like, of which the first is kept.
    void record(
        Operation operation,
        Duration latency,
        Ending ending,
        std::string_view kind = {},
        std::string_view example = {}
    );

    void retried(Operation operation) { of(operation).retries += 1; }

    void degraded(Operation operation) { of(operation).degraded += 1; }

    [[nodiscard]] OperationTally& of(Operation operation) {
        return tallies_[static_cast<std::size_t>(operation)];
    }

    [[nodiscard]] const OperationTally& of(Operation operation) const {
        return tallies_[static_cast<std::size_t>(operation)];
    }

    [[nodiscard]] OperationTally overall() const;

    [[nodiscard]] const std::map<std::string, std::string>& examples() const noexcept { return examples_; }

    /// What came since it was asked last, for the progress line.
    struct Since {
        std::uint64_t count = 0;
        std::uint64_t failed = 0;
        LatencyHistogram latencies;
    };

    Since take_since();

private:
    std::array<OperationTally, all_operations.size()> tallies_;
    std::map<std::string, std::string> examples_;
    Since since_;
};

/// A short word for what became of a call without an answer: `timeout`, `refused`, `closed`, `io`.
std::string_view kind_of(const Error& error);
/// `http 503`
std::string kind_of(int status);

}  // namespace flotilla::shop::driver
