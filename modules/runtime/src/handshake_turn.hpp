#pragma once
// Keeps handshakes from holding up everybody else.

#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::runtime {

/// To be awaited before a server's share of a TLS handshake: in each round of a loop one has its turn, in the
/// order of their coming. A handshake takes as long as fifty requests; many that come at once would let those
/// wait who are connected already. Anything but `Wake::ready`: the turn did not come in time.
Task<Wake> handshake_turn(Deadline deadline);

}  // namespace flotilla::runtime
