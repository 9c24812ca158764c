#pragma once
/// The server's side of a stream of server-sent events.

#include "flotilla/http/body.hpp"
#include "flotilla/http/sse.hpp"

namespace flotilla::http {

/// Given to the function of `Response::events`. Each event is sent at once.
class EventStream {
public:
    explicit EventStream(BodyWriter& body) : body_(body) {}

    Task<Result<void>> send(SseEvent event) {
        text_.clear();
        append_event(text_, event);
        return send_text();
    }

    /// Keeps the connection alive through proxies that close silent ones.
    Task<Result<void>> comment(std::string_view text = {}) {
        text_.clear();
        append_comment(text_, text);
        return send_text();
    }

    [[nodiscard]] bool closed() const noexcept { return body_.closed(); }

private:
    Task<Result<void>> send_text() {
        FLT_CO_CHECK(co_await body_.write(text_));
        co_return co_await body_.flush();
    }

    BodyWriter& body_;
    std::string text_;
};

}  // namespace flotilla::http
