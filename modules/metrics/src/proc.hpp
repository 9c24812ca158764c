#pragma once
/// What Linux tells about this process and machine. NaN where /proc is not there.

#include "flotilla/base/clock.hpp"

namespace flotilla::metrics::detail {

struct SystemCpu {
    double busy = 0;
    double total = 0;
};

struct ProcessMemory {
    double resident = 0;
    double virtual_size = 0;
};

SystemCpu system_cpu();
ProcessMemory process_memory();
double open_files();
double thread_count();
WallTime process_start_time(const Clock& clock);

}  // namespace flotilla::metrics::detail
