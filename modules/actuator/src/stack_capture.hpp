#pragma once
/// Return addresses of all threads' stacks, written down by the threads themselves in a signal handler.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <vector>

#include "flotilla/base/clock.hpp"

namespace flotilla::actuator::detail {

using Stack = std::vector<std::uintptr_t>;

/// Sends each thread of this process a signal and waits until all have answered, or until `budget` is used
/// up: who did not answer is missing. One caller at a time, the others wait.
std::map<pid_t, Stack> capture_stacks(const std::vector<pid_t>& threads, Duration budget);

}  // namespace flotilla::actuator::detail
