#pragma once
/// The ids of a context in hex, each written once for all headers that repeat it.

#include <array>
#include <cstring>
#include <string_view>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/task_context.hpp"

namespace flotilla::tracing::detail {

/// Of a traceparent.
constexpr int flag_sampled = 1;
constexpr int flag_random = 2;

class IdTexts {
public:
    explicit IdTexts(const TraceContext& context) noexcept : context_(context) {
        write_hex64(context.trace_high, trace_.data());
        write_hex64(context.trace_low, trace_.data() + 16);
        write_hex64(context.span_id, span_.data());
        if (context.parent_id != 0) write_hex64(context.parent_id, parent_.data());
    }

    [[nodiscard]] char* put_trace(char* to) const noexcept {
        if (context_.trace_high == 0) return put16(trace_.data() + 16, to);
        std::memcpy(to, trace_.data(), 32);
        return to + 32;
    }

    [[nodiscard]] char* put_span(char* to) const noexcept { return put16(span_.data(), to); }

    [[nodiscard]] char* put_parent(char* to) const noexcept { return put16(parent_.data(), to); }

    /// `{trace}-{span}-{state}-{parent}`
    [[nodiscard]] char* put_b3_single(char* to, bool with_parent) const noexcept {
        to = put_trace(to);
        *to++ = '-';
        to = put_span(to);
        *to++ = '-';
        *to++ = context_.debug ? 'd' : context_.sampled ? '1' : '0';
        if (!with_parent || context_.parent_id == 0) return to;
        *to++ = '-';
        return put_parent(to);
    }

    /// `00-{trace}-{span}-{flags}`
    [[nodiscard]] char* put_traceparent(char* to) const noexcept {
        std::memcpy(to, "00-", 3);
        std::memcpy(to + 3, trace_.data(), 32);
        to[35] = '-';
        to = put_span(to + 36);
        std::memcpy(to, "-0", 2);
        to[2] = static_cast<char>(
            '0' + (context_.sampled ? flag_sampled : 0) + (context_.w3c_random ? flag_random : 0)
        );
        return to + 3;
    }

private:
    static char* put16(const char* from, char* to) noexcept {
        std::memcpy(to, from, 16);
        return to + 16;
    }

    const TraceContext& context_;
    std::array<char, 32> trace_;
    std::array<char, 16> span_;
    std::array<char, 16> parent_;
};

}  // namespace flotilla::tracing::detail
