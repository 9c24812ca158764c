#pragma once
/// Which of several registries a call goes to, and where it goes when that one fails.

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::discovery {

/// The rules of Netflix' client: the one that worked last comes first; a call is tried at three at most; who
/// fails is in quarantine, until two thirds are. Every 20 minutes, give or take a half, it begins anew with
/// the first. A pure state machine for one call after the other.
class EurekaEndpoints {
public:
    EurekaEndpoints(std::vector<std::string> urls, Random random);

    /// A call begins.
    void begin(TimePoint now);
    /// Where to try next; nothing when there is no use in trying on. The last try is then a failure.
    [[nodiscard]] std::optional<std::string> next();
    /// The last try was good enough.
    void accept();
    /// It was not.
    void reject();

    /// The one that worked last; empty when none did.
    [[nodiscard]] std::string current() const;

    [[nodiscard]] const std::vector<std::string>& urls() const noexcept { return urls_; }

private:
    static constexpr int tries_per_call = 3;
    static constexpr double quarantine_limit = 0.66;
    static constexpr Duration session = std::chrono::minutes(20);

    [[nodiscard]] std::vector<std::size_t> candidates();

    const std::vector<std::string> urls_;
    Random random_;
    std::optional<std::size_t> good_;
    std::set<std::size_t> quarantine_;
    TimePoint session_ends_;

    // Of the call that is being made.
    int tries_ = 0;
    std::optional<std::vector<std::size_t>> candidates_;
    std::size_t next_candidate_ = 0;
    std::optional<std::size_t> trying_;
    bool from_candidates_ = false;
};

}  // namespace flotilla::discovery
