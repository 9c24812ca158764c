#pragma once

/// `flotilla up`, `down` and `status`: a whole fleet on one machine, each part a supervised process.

namespace flotilla::fleet {

/// Starts every part, shows when all are ready, follows their logs, restarts what dies; Ctrl-C stops all.
int run_up(int argc, const char* const* argv);
/// Stops what `up --detach` left running.
int run_down(int argc, const char* const* argv);
/// Who runs where, how healthy, how big. The exit code is 0 when all are up.
int run_status(int argc, const char* const* argv);

}  // namespace flotilla::fleet
