#pragma once
// Signals of the process. They are blocked before the first thread starts, and read by the service as they
// come.

#include "flotilla/runtime/task.hpp"

namespace flotilla::service {

/// SIGTERM, SIGINT and SIGHUP go to nobody until somebody reads them. Before any thread is started.
void block_signals() noexcept;

/// From now on SIGTERM and SIGINT end the process at once, with 128 + signal, whatever the loops are doing.
void let_signals_kill() noexcept;

/// Ends the process with `status` after `seconds`, whatever then still runs; 0 takes that back.
void end_process_after(unsigned seconds, int status) noexcept;

/// Waits for the next SIGHUP.
Task<> next_hangup();

}  // namespace flotilla::service
