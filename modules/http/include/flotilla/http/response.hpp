#pragma once
/// An answer as handlers make it.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "flotilla/http/body.hpp"
#include "flotilla/http/header_block.hpp"
#include "flotilla/http/status.hpp"
#include "flotilla/http/websocket.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::http {

class EventStream;

/// An open file to send, or a part of it. Closed with the last copy.
struct FileBody {
    std::shared_ptr<const int> descriptor;
    off_t offset = 0;
    std::size_t size = 0;
};

/// Writes a body of unknown length (chunked) or of the length given.
struct StreamBody {
    std::function<Task<>(BodyWriter&)> produce;
    std::optional<std::uint64_t> length;
};

/// Server-sent events until the function ends or the client goes.
struct EventsBody {
    std::function<Task<>(EventStream&)> produce;
};

/// Takes over the connection after the handshake.
struct WebSocketUpgrade {
    std::function<Task<>(WebSocket&)> serve;
    std::string protocol = {};  ///< the subprotocol chosen; empty for none
    WebSocketConfig config = {};
};

/// Status, fields and a body. The server adds Content-Length or Transfer-Encoding, Date and Connection
/// itself.
class Response {
public:
    /// The text of a body that outlives the answer: static data, a prepared snapshot.
    struct View {
        std::string_view text;
        std::shared_ptr<const void> owner;
    };

    using Body =
        std::variant<std::monostate, std::string, View, FileBody, StreamBody, EventsBody, WebSocketUpgrade>;

    Response() = default;

    explicit Response(Status status) : status_(status) {}

    Response(Status status, std::string_view content_type, std::string body) : status_(status) {
        set_body(content_type, std::move(body));
    }

    [[nodiscard]] Status status() const noexcept { return status_; }

    Response& status(Status status) noexcept {
        status_ = status;
        return *this;
    }

    [[nodiscard]] HeaderBlock& headers() noexcept { return headers_; }

    [[nodiscard]] const HeaderBlock& headers() const noexcept { return headers_; }

    /// Replaces every field of that name. Line breaks in a value become blanks.
    Response& set(std::string_view name, std::string_view value) {
        headers_.set(name, value);
        return *this;
    }

    /// One more field of that name.
    Response& add(std::string_view name, std::string_view value) {
        headers_.add(name, value);
        return *this;
    }

    [[nodiscard]] const Body& body() const noexcept { return body_; }

    [[nodiscard]] Body& body() noexcept { return body_; }

    /// The body's text, when it is one.
    [[nodiscard]] std::optional<std::string_view> text() const noexcept {
        if (const auto* owned = std::get_if<std::string>(&body_)) return *owned;
        if (const auto* view = std::get_if<View>(&body_)) return view->text;
        if (std::holds_alternative<std::monostate>(body_)) return std::string_view();
        return std::nullopt;
    }

    void set_body(std::string_view content_type, std::string text) {
        set("Content-Type", content_type);
        body_ = std::move(text);
    }

    /// An empty text body to append to; the memory of an earlier answer on the connection is used again.
    std::string& text_body(std::string_view content_type) {
        set("Content-Type", content_type);
        return text_buffer();
    }

    std::string& text_buffer() {
        if (auto* text = std::get_if<std::string>(&body_)) {
            text->clear();
            return *text;
        }
        return body_.emplace<std::string>();
    }

    void view_body(
        std::string_view content_type, std::string_view text, std::shared_ptr<const void> owner = nullptr
    ) {
        set("Content-Type", content_type);
        body_ = View{text, std::move(owner)};
    }

    void stream(
        std::string_view content_type,
        std::function<Task<>(BodyWriter&)> produce,
        std::optional<std::uint64_t> length = {}
    ) {
        set("Content-Type", content_type);
        body_ = StreamBody{std::move(produce), length};
    }

    void events(std::function<Task<>(EventStream&)> produce) {
        set("Content-Type", "text/event-stream");
        set("Cache-Control", "no-cache");
        body_ = EventsBody{std::move(produce)};
    }

    /// The exchange ends the connection: `Connection: close`.
    void close_connection() noexcept { close_ = true; }

    [[nodiscard]] bool closes_connection() const noexcept { return close_; }

    /// The fields have a Date of their own, such as that of the server behind a proxy.
    void bring_date() noexcept { brings_date_ = true; }

    [[nodiscard]] bool brings_date() const noexcept { return brings_date_; }

    /// For metrics: the simple name of what the handler threw; empty when it did not.
    std::string exception;

    /// As new, but with the memory that it has.
    void clear() noexcept;

private:
    Status status_ = Status::ok;
    bool close_ = false;
    bool brings_date_ = false;
    HeaderBlock headers_;
    Body body_;
};

}  // namespace flotilla::http
