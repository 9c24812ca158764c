#pragma once
/// Server-sent events (the HTML standard's `text/event-stream`): writing them, and reading a stream of them.

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::http {

/// One event to be sent.
struct SseEvent {
    std::string_view data;        ///< any text; each of its lines becomes a `data` line
    std::string_view event = {};  ///< its type; empty for `message`
    std::string_view id = {};     ///< what a client says in Last-Event-ID when it comes again
    std::optional<std::chrono::milliseconds> retry = std::nullopt;
};

/// Line ends in type or id, which would make other fields, are left out.
void append_event(std::string& out, const SseEvent& event);
/// `: text`: keeps a connection alive that has nothing to say.
void append_comment(std::string& out, std::string_view text = {});

/// One event as received.
struct SseMessage {
    std::string event;  ///< `message` where the stream names none
    std::string data;
    std::string last_event_id;
};

/// Reads an event stream in whatever pieces it comes.
class SseParser {
public:
    explicit SseParser(std::size_t max_event = 1024 * 1024) : max_event_(max_event) {}

    /// Calls `use` for each event that is complete. `Errc::limit_exceeded` when one is larger than allowed.
    Result<void> feed(std::string_view piece, const std::function<void(const SseMessage&)>& use);

    /// The last id that the stream gave, for Last-Event-ID.
    [[nodiscard]] const std::string& last_event_id() const noexcept { return last_event_id_; }

    /// The last waiting time before coming again that the stream gave.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

private:
    void end_line(const std::function<void(const SseMessage&)>& use);
    void dispatch(const std::function<void(const SseMessage&)>& use);

    std::size_t max_event_;
    std::string line_;
    std::string event_;
    std::string data_;
    std::string last_event_id_;
    std::optional<std::chrono::milliseconds> retry_;
    bool after_cr_ = false;   // an LF that follows belongs to the same line end
    bool first_line_ = true;  // may begin with a byte order mark
};

}  // namespace flotilla::http
