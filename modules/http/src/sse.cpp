#include "flotilla/http/sse.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "flotilla/base/text.hpp"

namespace flotilla::http {
namespace {

// `value` has no line ends, or loses them.
void append_line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    if (value.find_first_of("\r\n") == std::string_view::npos) {
        out.append(value);
    } else {
        std::ranges::copy_if(value, std::back_inserter(out), [](char c) { return c != '\r' && c != '\n'; });
    }
    out.push_back('\n');
}

// Calls `use` for each line; CRLF, LF and CR all end one.
template <class Use>
void for_each_line(std::string_view text, Use&& use) {
    while (true) {
        const std::size_t end = text.find_first_of("\r\n");
        use(text.substr(0, end));
        if (end == std::string_view::npos) return;
        text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    }
}

}  // namespace

void append_event(std::string& out, const SseEvent& event) {
    if (!event.event.empty()) append_line(out, "event", event.event);
    if (!event.id.empty()) append_line(out, "id", event.id);
    if (event.retry) append_line(out, "retry", std::to_string(event.retry->count()));
    for_each_line(event.data, [&](std::string_view line) { append_line(out, "data", line); });
    out.push_back('\n');
}

void append_comment(std::string& out, std::string_view text) {
    for_each_line(text, [&](std::string_view line) { append_line(out, "", line); });
    out.push_back('\n');
}

Result<void> SseParser::feed(std::string_view piece, const std::function<void(const SseMessage&)>& use) {
    while (!piece.empty()) {
        if (after_cr_ && piece[0] == '\n') {
            after_cr_ = false;
            piece.remove_prefix(1);
            continue;
        }
        after_cr_ = false;
        const std::size_t end = piece.find_first_of("\r\n");
        line_.append(piece.substr(0, end));
        if (line_.size() + data_.size() + event_.size() > max_event_) {
            return fail(Errc::limit_exceeded, "server-sent event over the limit");
        }
        if (end == std::string_view::npos) break;
        after_cr_ = piece[end] == '\r';
        piece.remove_prefix(end + 1);
        end_line(use);
    }
    return {};
}

void SseParser::end_line(const std::function<void(const SseMessage&)>& use) {
    std::string_view line = line_;
    if (first_line_ && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    first_line_ = false;
    if (line.empty()) {
        dispatch(use);
    } else {
        const std::size_t colon = line.find(':');
        const std::string_view name = line.substr(0, colon);
        std::string_view value =
            colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        if (name == "data") {
            data_.append(value).push_back('\n');
        } else if (name == "event") {
            event_ = value;
        } else if (name == "id") {
            if (value.find('\0') == std::string_view::npos) last_event_id_ = value;
        } else if (name == "retry") {
            constexpr std::int64_t most = 24 * 3600 * 1000;
            const auto number = parse_integer<std::int64_t>(value);
            if (number && *number >= 0 && *number <= most) retry_ = std::chrono::milliseconds(*number);
        }
    }
    line_.clear();
}

void SseParser::dispatch(const std::function<void(const SseMessage&)>& use) {
    if (!data_.empty()) {
        data_.pop_back();
        use({event_.empty() ? "message" : event_, data_, last_event_id_});
    }
    data_.clear();
    event_.clear();
}

}  // namespace flotilla::http
