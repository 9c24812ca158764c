#pragma once
// `logging.*` as a LogSystem, and again at each refresh.

#include <map>
#include <memory>
#include <string>

#include "flotilla/config/environment.hpp"
#include "flotilla/log/log_system.hpp"
#include "properties.hpp"

namespace flotilla::service {

using Levels = std::map<std::string, log::Level>;

/// Names as the log system has them: `root` is `ROOT`.
Levels levels_of(const LoggingProperties& properties);

/// Console, and a file when one is named.
Result<std::unique_ptr<log::LogSystem>> make_log(
    const LoggingProperties& properties, std::string service, const Clock& clock
);

/// Sets what is new or different in `after`, clears what is gone; leaves alone what only somebody else has
/// set.
void change_levels(log::LogSystem& log, const Levels& before, const Levels& after);

}  // namespace flotilla::service
