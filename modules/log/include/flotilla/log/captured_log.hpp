#pragma once
/// A LogSystem whose lines a test can read.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/log/log_system.hpp"

namespace flotilla::log {

class CapturedLog {
public:
    explicit CapturedLog(
        LogOptions options = {},
        const Clock& clock = Clock::system(),
        Style style = {.colour = Colour::never, .zone = TimeZone::utc}
    );

    [[nodiscard]] LogSystem& system() noexcept { return *system_; }

    [[nodiscard]] Logger logger(std::string_view name) { return system_->logger(name); }

    /// All lines so far, without line ends.
    [[nodiscard]] std::vector<std::string> lines();
    /// How many lines contain `text`.
    [[nodiscard]] std::size_t count_of(std::string_view text);

private:
    MemorySink* sink_;
    std::unique_ptr<LogSystem> system_;
};

}  // namespace flotilla::log
