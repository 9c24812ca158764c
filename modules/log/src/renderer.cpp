#include <fmt/format.h>

#include <array>
#include <cmath>
#include <ctime>
#include <iterator>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/log/sink.hpp"

namespace flotilla::log {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// Shows line ends and control characters (C1 in UTF-8 too) as escapes, so that a message can neither forge a
/// line nor steer the terminal.
void append_escaped(std::string_view text, std::string& out) {
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (byte >= 0x20 && byte != 0x7F && !c1) [[likely]]
            continue;
        out.append(text, plain, i - plain);
        const unsigned shown = c1 ? static_cast<unsigned char>(text[i + 1]) : byte;
        switch (shown) {
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\x";
                out += hex_digits[shown >> 4];
                out += hex_digits[shown & 15];
        }
        if (c1) ++i;
        plain = i + 1;
    }
    out.append(text, plain);
}

void append_json_text(std::string_view text, std::string& out) {
    std::string replaced;
    if (!is_valid_utf8(text)) {
        // Latin-1 reading: every byte stays visible and the line stays valid JSON.
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < 0x80) {
                replaced += c;
            } else {
                replaced += static_cast<char>(0xC0 | (byte >> 6));
                replaced += static_cast<char>(0x80 | (byte & 0x3F));
            }
        }
        text = replaced;
    }
    out += '"';
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') [[likely]]
            continue;
        out.append(text, plain, i - plain);
        plain = i + 1;
        switch (byte) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\u00";
                out += hex_digits[byte >> 4];
                out += hex_digits[byte & 15];
        }
    }
    out.append(text, plain);
    out += '"';
}

void append_json_member(std::string_view key, std::string_view text, std::string& out) {
    out += ',';
    append_json_text(key, out);
    out += ':';
    append_json_text(text, out);
}

void append_hex(std::uint64_t value, std::string& out) {
    const std::size_t at = out.size();
    out.resize(at + 16);
    write_hex64(value, out.data() + at);
}

void append_trace_id(const TraceContext& trace, std::string& out) {
    if (trace.trace_high != 0) append_hex(trace.trace_high, out);
    append_hex(trace.trace_low, out);
}

std::string_view colour_of(Level level) {
    if (level == Level::error) return "\x1b[31m";
    return level == Level::warn ? "\x1b[33m" : "\x1b[32m";
}

}  // namespace

std::string shorten_logger_name(std::string_view name) {
    constexpr std::size_t target = 39;
    if (name.size() <= target) return std::string(name);
    std::string out;
    std::size_t to_trim = name.size() - target;
    while (true) {
        const std::size_t dot = name.find('.');
        if (dot == name.npos) break;
        const std::size_t kept = to_trim > 0 && dot > 0 ? 1 : dot;
        out.append(name, 0, kept) += '.';
        to_trim -= std::min(to_trim, dot - kept);
        name.remove_prefix(dot + 1);
    }
    out += name;
    // Spring's `%-40.40logger` keeps the last forty characters of what is still too long.
    return out.size() > target + 1 ? out.substr(out.size() - (target + 1)) : out;
}

void Renderer::render(const Record& record, std::string& out) {
    if (style_.format == Format::json) {
        render_json(record, out);
    } else {
        render_console(record, out);
    }
}

void Renderer::append_time(WallTime time, std::string& out) {
    const std::int64_t millis =
        std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
    std::int64_t second = millis / 1000;
    auto rest = static_cast<int>(millis % 1000);
    if (rest < 0) {
        rest += 1000;
        --second;
    }
    if (second != cached_second_) {
        cached_second_ = second;
        const std::time_t t = second;
        std::tm parts{};
        if (style_.zone == TimeZone::local) {
            localtime_r(&t, &parts);
        } else {
            gmtime_r(&t, &parts);
        }
        cached_text_ = fmt::format(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.",
            parts.tm_year + 1900,
            parts.tm_mon + 1,
            parts.tm_mday,
            parts.tm_hour,
            parts.tm_min,
            parts.tm_sec
        );
    }
    out += cached_text_;
    out += static_cast<char>('0' + rest / 100);
    out += static_cast<char>('0' + rest / 10 % 10);
    out += static_cast<char>('0' + rest % 10);
}

void Renderer::render_console(const Record& record, std::string& out) {
    const bool coloured = style_.colour == Colour::always;
    const auto in_colour = [&](std::string_view colour, auto&& body) {
        if (coloured) out += colour;
        body();
        if (coloured) out += "\x1b[0m";
    };
    in_colour("\x1b[2m", [&] { append_time(record.time, out); });
    out += ' ';
    in_colour(colour_of(record.level), [&] {
        const std::string_view level = to_string(record.level);
        out.append(5 - level.size(), ' ').append(level);
    });
    out += " [";
    append_escaped(record.service, out);
    out += ',';
    if (record.trace.valid()) append_trace_id(record.trace, out);
    out += ',';
    if (record.trace.valid()) append_hex(record.trace.span_id, out);
    if (style_.legacy_correlation) {
        out += ',';
        if (record.trace.valid()) out += record.trace.sampled ? "true" : "false";
    }
    out += "] ";
    in_colour("\x1b[35m", [&] { fmt::format_to(std::back_inserter(out), "{}", record.pid); });
    out += " --- [";
    append_escaped(record.thread, out);
    out += "] ";
    in_colour("\x1b[36m", [&] { append_escaped(shorten_logger_name(record.logger), out); });
    out += " : ";
    append_escaped(record.message, out);
    for (const Record::Entry& field : record.fields) {
        if (field.kind == Record::Kind::context) continue;
        out += ' ';
        append_escaped(field.key, out);
        out += '=';
        append_escaped(field.text, out);
    }
    out += '\n';
}

void Renderer::render_json(const Record& record, std::string& out) {
    out += "{\"timestamp\":\"";
    out += format_iso_millis(record.time);
    out += "\",\"level\":\"";
    out += to_string(record.level);
    out += '"';
    append_json_member("service", record.service, out);
    if (record.trace.valid()) {
        out += ",\"traceId\":\"";
        append_trace_id(record.trace, out);
        out += "\",\"spanId\":\"";
        append_hex(record.trace.span_id, out);
        out += '"';
        if (record.trace.parent_id != 0) {
            out += ",\"parentId\":\"";
            append_hex(record.trace.parent_id, out);
            out += '"';
        }
    }
    fmt::format_to(std::back_inserter(out), ",\"pid\":{}", record.pid);
    append_json_member("thread", record.thread, out);
    append_json_member("logger", record.logger, out);
    append_json_member("message", record.message, out);
    for (const Record::Entry& field : record.fields) {
        out += ',';
        append_json_text(field.key, out);
        out += ':';
        if (field.kind == Record::Kind::bare) {
            out += field.text;
        } else {
            append_json_text(field.text, out);
        }
    }
    out += "}\n";
}

}  // namespace flotilla::log
