/// W3C trace context: traceparent and tracestate.

#include "w3c.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/tracing/propagation.hpp"
#include "hex.hpp"
#include "id_texts.hpp"

namespace flotilla::tracing {

namespace {

constexpr std::size_t max_members = 32;
constexpr std::size_t max_length = 512;
constexpr std::size_t long_member = 128;

bool read_byte(std::string_view text, std::uint64_t& value) noexcept {
    return detail::read_short_hex(text, value);
}

bool is_member(std::string_view member) noexcept {
    const std::size_t equals = member.find('=');
    if (equals == 0 || equals == std::string_view::npos) return false;
    const std::string_view key = member.substr(0, equals);
    const std::string_view value = member.substr(equals + 1);
    const bool key_ok = std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || is_ascii_digit(c) || std::string_view("_-*/@").contains(c);
    });
    return key_ok && std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~' && c != '='; });
}

}  // namespace

std::optional<Extracted> parse_traceparent(std::string_view text) noexcept {
    if (text.size() < traceparent_size || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return std::nullopt;
    std::uint64_t version = 0;
    std::uint64_t flags = 0;
    Extracted out;
    out.source = Format::w3c;
    TraceContext& context = out.context;
    if (!read_byte(text.substr(0, 2), version) || version == 0xff) return std::nullopt;
    if (text.size() > traceparent_size && (version == 0 || text[traceparent_size] != '-'))
        return std::nullopt;
    if (!detail::read_hex64(text.data() + 3, context.trace_high) ||
        !detail::read_hex64(text.data() + 19, context.trace_low) ||
        !detail::read_hex64(text.data() + 36, context.span_id) || !read_byte(text.substr(53, 2), flags))
        return std::nullopt;
    if ((context.trace_high | context.trace_low) == 0 || context.span_id == 0) return std::nullopt;
    context.sampled = (flags & detail::flag_sampled) != 0;
    context.w3c_random = (flags & detail::flag_random) != 0;
    out.decision = context.sampled ? Decision::accept : Decision::deny;
    return out;
}

void write_traceparent(const TraceContext& context, char* out) noexcept {
    (void)detail::IdTexts(context).put_traceparent(out);
}

namespace detail {

TraceStateParts read_tracestate(std::string_view text) {
    TraceStateParts parts;
    std::vector<std::string_view> members;
    for (const std::string_view member : split_list(text)) {
        if (!is_member(member)) return {};
        if (member.starts_with("b3=")) {
            if (parts.b3.empty()) parts.b3 = member.substr(3);
        } else if (members.size() < max_members - 1) {
            members.push_back(member);
        }
    }
    std::size_t length = 0;
    for (const std::string_view member : members) length += member.size() + 1;
    constexpr std::size_t room = max_length - (3 + b3_single_max);  // ours comes first
    const auto drop = [&](auto position) {
        length -= position->size() + 1;
        members.erase(position);
    };
    for (std::size_t i = members.size(); i-- > 0 && length > room;)
        if (members[i].size() > long_member) drop(members.begin() + static_cast<std::ptrdiff_t>(i));
    while (length > room) drop(members.end() - 1);
    for (const std::string_view member : members) {
        if (!parts.others.empty()) parts.others += ',';
        parts.others += member;
    }
    return parts;
}

}  // namespace detail

std::string write_tracestate(const TraceContext& context, std::string_view incoming) {
    char b3[b3_single_max];
    std::string out = "b3=";
    out.append(b3, write_b3_single(context, true, b3));
    if (const auto parts = detail::read_tracestate(incoming); !parts.others.empty()) {
        out += ',';
        out += parts.others;
    }
    return out;
}

}  // namespace flotilla::tracing
