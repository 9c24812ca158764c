#pragma once
/// The handle through which code writes log lines:
///
///     logger.info("order {} created", id);
///     logger.warn({{"orderId", id}}, "stock is low");
///
/// A Logger is one pointer, copied freely; it comes from LogSystem::logger and must not be used after the
/// system is gone. A default-constructed one is silent. A disabled level costs one relaxed load and a branch.

#include <fmt/core.h>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <variant>

#include "flotilla/base/clock.hpp"
#include "flotilla/log/level.hpp"

namespace flotilla::log {

/// A key and value beside the message: `key=value` on the console, a member in JSON lines. It refers to texts
/// and lives for the call only.
struct Field {
    using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    template <std::convertible_to<std::string_view> Text>
    Field(std::string_view k, const Text& v) : key(k), value(std::string_view(v)) {}

    Field(std::string_view k, bool v) : key(k), value(v) {}

    Field(std::string_view k, std::signed_integral auto v) : key(k), value(static_cast<std::int64_t>(v)) {}

    Field(std::string_view k, std::unsigned_integral auto v) : key(k), value(static_cast<std::uint64_t>(v)) {}

    Field(std::string_view k, std::floating_point auto v) : key(k), value(static_cast<double>(v)) {}

    std::string_view key;
    Value value;
};

using Fields = std::initializer_list<Field>;

namespace detail {
struct Switch {
    std::atomic<Level> level{Level::off};
};

inline constinit Switch silent;

void submit(
    const Switch& node, Level level, fmt::string_view format, fmt::format_args args, Fields fields
) noexcept;
TimePoint now(const Switch& node) noexcept;
}  // namespace detail

/// Lets one line through per interval and counts the rest. A member of whoever repeats itself; safe to share.
class Every {
public:
    explicit Every(Duration interval) noexcept : interval_(interval) {}

    struct Pass {
        bool open;                 ///< write now
        std::uint64_t suppressed;  ///< calls held back since the last line
    };

    Pass pass(TimePoint now) noexcept;

private:
    Duration interval_;
    std::atomic<std::int64_t> next_{INT64_MIN};
    std::atomic<std::uint64_t> suppressed_{0};
};

class Logger {
public:
    constexpr Logger() noexcept = default;

    /// Internal: LogSystem makes loggers.
    explicit Logger(const detail::Switch& node) noexcept : node_(&node) {}

    [[nodiscard]] bool enabled(Level level) const noexcept {
        return level <= node_->level.load(std::memory_order_relaxed);
    }

    /// `level` must not be `off`.
    template <class... Args>
    void log(Level level, fmt::format_string<Args...> format, Args&&... args) const noexcept {
        if (enabled(level)) [[unlikely]] {
            detail::submit(*node_, level, format, fmt::make_format_args(args...), {});
        }
    }

    template <class... Args>
    void log(Level level, Fields fields, fmt::format_string<Args...> format, Args&&... args) const noexcept {
        if (enabled(level)) [[unlikely]] {
            detail::submit(*node_, level, format, fmt::make_format_args(args...), fields);
        }
    }

    template <class... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::error, format, std::forward<Args>(args)...);
    }

    template <class... Args>
    void warn(fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::warn, format, std::forward<Args>(args)...);
    }

    template <class... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::info, format, std::forward<Args>(args)...);
    }

    template <class... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::debug, format, std::forward<Args>(args)...);
    }

    template <class... Args>
    void trace(fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::trace, format, std::forward<Args>(args)...);
    }

    template <class... Args>
    void error(Fields fields, fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::error, fields, format, std::forward<Args>(args)...);
    }

    template <class... Args>
    void warn(Fields fields, fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::warn, fields, format, std::forward<Args>(args)...);
    }

    template <class... Args>
    void info(Fields fields, fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::info, fields, format, std::forward<Args>(args)...);
    }

    template <class... Args>
    void debug(Fields fields, fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log(Level::debug, fields, format, std::forward<Args>(args)...);
    }

    /// One line per interval of `gate`, with the number of lines held back as field `suppressed`.
    template <class... Args>
    void log_every(Every& gate, Level level, fmt::format_string<Args...> format, Args&&... args)
        const noexcept {
        if (!enabled(level)) return;
        const Every::Pass pass = gate.pass(detail::now(*node_));
        if (!pass.open) return;
        if (pass.suppressed == 0) {
            detail::submit(*node_, level, format, fmt::make_format_args(args...), {});
        } else {
            detail::submit(
                *node_, level, format, fmt::make_format_args(args...), {{"suppressed", pass.suppressed}}
            );
        }
    }

    template <class... Args>
    void warn_every(Every& gate, fmt::format_string<Args...> format, Args&&... args) const noexcept {
        log_every(gate, Level::warn, format, std::forward<Args>(args)...);
    }

private:
    const detail::Switch* node_ = &detail::silent;
};

/// Names the calling thread in log lines and for the operating system (which keeps 15 characters of it).
void set_thread_name(std::string_view name) noexcept;
/// The name given above, else the operating system's; the first thread of a process is `main`.
std::string_view thread_name() noexcept;

}  // namespace flotilla::log
