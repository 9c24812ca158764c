#pragma once
/// Algorithms: which of these for this call. Pure: they read the figures of members and a random number.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/discovery/balancer_config.hpp"
#include "flotilla/discovery/member.hpp"

namespace flotilla::discovery {

/// What is known about the call that an instance is wanted for.
struct PickRequest {
    TimePoint now{};
    /// For ring-hash and Maglev: equal keys go to one instance; empty is a random one.
    std::string_view key = {};
    /// The id of the instance that the caller belongs to (a session's cookie), when it is there.
    std::string_view sticky = {};
    /// Only those with this metadata `hint`, when there are any.
    std::string_view hint = {};
    /// Ids that were tried already: somebody else, if there is anybody else.
    std::span<const std::string> avoid = {};
    /// Null: the thread's own.
    Random* random = nullptr;
};

struct Candidate {
    Member* member = nullptr;
    double weight = 1.0;
};

/// What outlives a change of the list.
struct PickerState {
    std::atomic<std::uint32_t> position{0};  ///< where round robin stands
    std::atomic<std::uint64_t> last{0};      ///< hash of the id that was picked last, where that counts
};

/// Made for one list of candidates; used by all threads at once.
class Picker {
public:
    virtual ~Picker() = default;
    /// An index into the candidates that it was made for; there is at least one.
    [[nodiscard]] virtual std::size_t pick(const PickRequest& request, Random& random) const = 0;
};

/// `candidates` and `state` outlive the picker.
std::unique_ptr<const Picker> make_picker(
    const BalancerConfig& config, std::span<const Candidate> candidates, PickerState& state
);

namespace detail {

/// For keys and ring points: eight bytes at a time, every bit counts. The same on all machines of a kind.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed = 0) noexcept;

std::unique_ptr<const Picker> make_ring(std::span<const Candidate> candidates, std::uint32_t least_size);
std::unique_ptr<const Picker> make_maglev(std::span<const Candidate> candidates);
/// The order of smooth weighted round robin: 5,1,1 is a a b a c a a.
std::vector<std::uint32_t> smooth_schedule(std::span<const Candidate> candidates);

}  // namespace detail

}  // namespace flotilla::discovery
