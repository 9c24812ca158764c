#include "flotilla/log/logger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <iterator>

#include "flotilla/base/encoding.hpp"
#include "writer.hpp"

namespace flotilla::log {

Every::Pass Every::pass(TimePoint now) noexcept {
    const std::int64_t at = now.time_since_epoch().count();
    std::int64_t next = next_.load(std::memory_order_relaxed);
    if (at < next ||
        !next_.compare_exchange_strong(next, at + interval_.count(), std::memory_order_relaxed)) {
        suppressed_.fetch_add(1, std::memory_order_relaxed);
        return {false, 0};
    }
    return {true, suppressed_.exchange(0, std::memory_order_relaxed)};
}

namespace detail {

namespace {

void append_value(std::string& out, const Field& field) {
    std::visit(
        [&](const auto& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, std::string_view>) {
                append_field(out, field.key, value, Record::Kind::text);
            } else if constexpr (std::is_same_v<T, double>) {
                // JSON has no NaN and no infinity: those go as texts.
                append_field(
                    out,
                    field.key,
                    fmt::format("{}", value),
                    std::isfinite(value) ? Record::Kind::bare : Record::Kind::text
                );
            } else {
                append_field(out, field.key, fmt::format("{}", value), Record::Kind::bare);
            }
        },
        field.value
    );
}

std::string_view cut(fmt::memory_buffer& message, std::size_t limit) {
    const std::string_view whole(message.data(), message.size());
    if (whole.size() <= limit) return whole;
    const std::size_t kept = utf8_prefix(whole, limit).size();
    const std::size_t lost = whole.size() - kept;
    message.resize(kept);
    fmt::format_to(std::back_inserter(message), "... ({} more bytes)", lost);
    return {message.data(), message.size()};
}

}  // namespace

TimePoint now(const Switch& node) noexcept {
    return static_cast<const Node&>(node).writer->clock.now();
}

void submit(
    const Switch& target, Level level, fmt::string_view format, fmt::format_args args, Fields fields
) noexcept {
    const Node& node = static_cast<const Node&>(target);
    try {
        fmt::memory_buffer message;
        try {
            fmt::vformat_to(std::back_inserter(message), format, args);
        } catch (const std::exception& error) {
            fmt::format_to(
                std::back_inserter(message), " (this line could not be formatted: {})", error.what()
            );
        }
        std::string encoded;
        for (const Field& field : fields) append_value(encoded, field);
        if (const auto& task = TaskContext::current().fields) {
            for (const auto& field : task->fields) {
                if (field.in_log) append_field(encoded, field.name, field.value, Record::Kind::context);
            }
        }
        node.writer->submit(node, level, cut(message, node.writer->max_message), encoded);
    } catch (const std::exception&) {
        // Out of memory for a long line: logging must never be what ends a program.
        node.writer->submit(node, level, "(a line was lost: out of memory)", {});
    }
}

}  // namespace detail
}  // namespace flotilla::log
