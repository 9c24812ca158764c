#pragma once
// Reads field lines up to and with the empty line that ends them. Requests, responses and trailers differ
// only in what they say to a complete field.

#include <algorithm>

#include "flotilla/http/parsing.hpp"
#include "rejects.hpp"
#include "scan.hpp"

namespace flotilla::http::detail {

inline bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

/// Null when all is well; then `starved` says whether bytes are missing or the block is complete and ends at
/// `block.at`. `on_field(known, name, value)` returns a refusal or null.
///
/// The limit cuts off what is looked at, so that the outcome does not depend on how the bytes were split.
template <class OnField>
const Reject* read_fields(
    FieldBlock& block,
    std::string_view buffer,
    const Limits& limits,
    UnderscoreFields underscore,
    bool& starved,
    OnField&& on_field
) {
    const char* const base = buffer.data();
    const std::size_t last = block.begin + limits.header_block;
    const char* const end = base + std::min(buffer.size(), last);
    const char* p = base + block.at;
    const auto offset = [base](const char* at) { return static_cast<std::size_t>(at - base); };
    const auto need_more = [&]() -> const Reject* {
        if (offset(end) == last) return &header_too_large;
        block.at = offset(p);
        starved = true;
        return nullptr;
    };
    starved = false;
    if (p > end) return need_more();

    using Phase = FieldBlock::Phase;
    while (true) {
        switch (block.phase) {
            case Phase::line_start:
                if (p == end) return need_more();
                if (*p == '\r') {
                    if (end - p < 2) return need_more();
                    if (p[1] != '\n') return &bare_cr;
                    block.at = offset(p) + 2;
                    return nullptr;
                }
                if (is_blank(*p)) return &folded_line;
                if (block.seen == limits.fields) return &too_many_fields;
                ++block.seen;
                block.name_at = offset(p);
                block.underscore = false;
                block.phase = Phase::name;
                [[fallthrough]];
            case Phase::name:
                p = skip_plain_name(p, end);
                while (p != end && is(*p, class_token)) {
                    block.underscore = block.underscore || *p == '_';
                    p = skip_plain_name(p + 1, end);
                }
                if (p == end) return need_more();
                block.name_size = offset(p) - block.name_at;
                if (*p != ':') {
                    if (*p == '\n') return &bare_lf;
                    if (*p == '\r') return &no_colon;
                    return is_blank(*p) ? &blank_before_colon : &bad_name;
                }
                if (block.name_size == 0) return &empty_name;
                if (block.underscore && underscore == UnderscoreFields::reject) return &underscore_in_name;
                ++p;
                block.phase = Phase::before_value;
                [[fallthrough]];
            case Phase::before_value:
                while (p != end && is_blank(*p)) ++p;
                if (p == end) return need_more();
                block.value_at = offset(p);
                block.phase = Phase::value;
                [[fallthrough]];
            case Phase::value:
                p = skip_value(p, end);
                if (p == end || (*p == '\r' && end - p < 2)) return need_more();
                if (*p != '\r') return *p == '\n' ? &bare_lf : &control_in_value;
                if (p[1] != '\n') return &bare_cr;
                break;
        }
        const char* const value = base + block.value_at;
        const char* value_end = p;
        while (value_end != value && is_blank(value_end[-1])) --value_end;
        p += 2;
        block.phase = Phase::line_start;

        if (block.underscore && underscore == UnderscoreFields::drop) {
            ++block.dropped;
            continue;
        }
        const std::string_view name(base + block.name_at, block.name_size);
        const KnownField known = known_field(name);
        const auto value_size = static_cast<std::size_t>(value_end - value);
        if (const Reject* reject = on_field(known, name, std::string_view(value, value_size))) return reject;
        // Written in place: a temporary would be copied in other widths than it was written, which stalls.
        FieldLine& line = block.lines.emplace_back();
        line.name_at = static_cast<std::uint32_t>(block.name_at);
        line.name_size = static_cast<std::uint32_t>(name.size());
        line.value_at = static_cast<std::uint32_t>(block.value_at);
        line.value_size = static_cast<std::uint32_t>(value_size);
        line.known = known;
    }
}

/// The views of a complete block.
inline void materialise(const FieldBlock& block, const char* base, Fields& fields) {
    for (const FieldLine& line : block.lines) {
        fields.add(
            {base + line.name_at, line.name_size}, {base + line.value_at, line.value_size}, line.known
        );
    }
}

/// One to eighteen digits; a leading zero is one of them.
inline bool parse_content_length(std::string_view text, std::uint64_t& value) noexcept {
    if (text.empty() || text.size() > 18) return false;
    value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return true;
}

}  // namespace flotilla::http::detail
