/// The B3 encodings: one header or many.

#include "flotilla/base/text.hpp"
#include "flotilla/tracing/propagation.hpp"
#include "hex.hpp"
#include "id_texts.hpp"

namespace flotilla::tracing {

namespace {

void decide(Extracted& extracted, Decision decision) noexcept {
    extracted.decision = decision;
    extracted.context.debug = decision == Decision::debug;
    extracted.context.sampled = decision == Decision::debug || decision == Decision::accept;
}

std::optional<Decision> state_of(char c) noexcept {
    switch (c) {
        case '0':
            return Decision::deny;
        case '1':
            return Decision::accept;
        case 'd':
            return Decision::debug;
        default:
            return std::nullopt;
    }
}

/// 1 to 32 characters, padded on the left. Zero is no id.
bool read_trace_id(std::string_view text, TraceContext& context) noexcept {
    if (text.size() > 32) return false;
    if (text.size() > 16) {
        if (!detail::read_short_hex(text.substr(0, text.size() - 16), context.trace_high)) return false;
        text.remove_prefix(text.size() - 16);
    }
    return detail::read_short_hex(text, context.trace_low) && (context.trace_high | context.trace_low) != 0;
}

}  // namespace

std::optional<Extracted> parse_b3_single(std::string_view text) noexcept {
    Extracted out;
    out.source = Format::b3;
    if (text.size() == 1) {
        const auto state = state_of(text[0]);
        if (!state) return std::nullopt;
        decide(out, *state);
        return out;
    }
    std::size_t trace_length;
    if (text.size() >= 33 && text[16] == '-')
        trace_length = 16;
    else if (text.size() >= 49 && text[32] == '-')
        trace_length = 32;
    else
        return std::nullopt;
    if (text.size() > trace_length + 17 + 2 + 17) return std::nullopt;
    if (!read_trace_id(text.substr(0, trace_length), out.context)) return std::nullopt;
    if (!detail::read_hex64(text.data() + trace_length + 1, out.context.span_id) || out.context.span_id == 0)
        return std::nullopt;
    text.remove_prefix(trace_length + 17);
    if (text.empty()) return out;

    // What is left: "-s", "-s-parent" or "-parent".
    if (text.size() == 2 || text.size() == 19) {
        const auto state = state_of(text[1]);
        if (text[0] != '-' || !state) return std::nullopt;
        decide(out, *state);
        text.remove_prefix(2);
        if (text.empty()) return out;
    }
    if (text.size() != 17 || text[0] != '-' || !detail::read_hex64(text.data() + 1, out.context.parent_id))
        return std::nullopt;
    return out;
}

std::optional<Extracted> parse_b3_multi(const IncomingHeaders& headers) noexcept {
    Extracted out;
    out.source = Format::b3_multi;
    if (headers.b3_flags == "1")
        decide(out, Decision::debug);
    else if (headers.b3_sampled == "1" || iequals(headers.b3_sampled, "true"))
        decide(out, Decision::accept);
    else if (headers.b3_sampled == "0" || iequals(headers.b3_sampled, "false"))
        decide(out, Decision::deny);

    if (headers.b3_trace_id.data() == nullptr) {
        if (out.decision == Decision::none) return std::nullopt;
        return out;
    }
    if (!read_trace_id(headers.b3_trace_id, out.context)) return std::nullopt;
    if (!detail::read_short_hex(headers.b3_span_id, out.context.span_id) || out.context.span_id == 0)
        return std::nullopt;
    if (headers.b3_parent_span_id.data() != nullptr &&
        !detail::read_short_hex(headers.b3_parent_span_id, out.context.parent_id))
        return std::nullopt;
    return out;
}

std::size_t write_b3_single(const TraceContext& context, bool with_parent, char* out) noexcept {
    return static_cast<std::size_t>(detail::IdTexts(context).put_b3_single(out, with_parent) - out);
}

}  // namespace flotilla::tracing
