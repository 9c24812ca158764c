#include "http2_codec.hpp"

#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>
#include <vector>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/known_field.hpp"

namespace flotilla::http {

namespace {

constexpr Reject malformed_request{400, "S14", "malformed HTTP/2 request"};
constexpr Reject broken_protocol{400, "S14", "broken HTTP/2 framing"};
constexpr Reject large_header_list{431, "S15", "header list over the limit"};
constexpr Reject too_many_frames{429, "S15", "too many frames that do nothing"};
constexpr Reject too_many_resets{429, "S15", "too many streams that were reset"};
constexpr Reject flood{429, "S15", "flood of HTTP/2 frames"};

/// Frames of one header block behind its first.
constexpr std::size_t max_continuations = 32;
/// Types of frames from this one on are those of extensions.
constexpr unsigned first_unknown = NGHTTP2_CONTINUATION + 1;

std::string_view text_of(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(data), size};
}

// nghttp2 copies what it is given and does not change it.
std::uint8_t* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

/// Names and values as nghttp2 takes them; it writes names in lower case itself.
class NameValues {
public:
    void add(std::string_view name, std::string_view value) {
        list_.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }

    void add_status(int status) {
        if (status < 100 || status > 999) status = 500;
        std::to_chars(status_.data(), status_.data() + status_.size(), status);
        add(":status", {status_.data(), status_.size()});
    }

    /// Lines of HTTP/1.1, without those that speak about its connection.
    void add_lines(std::string_view lines) {
        while (!lines.empty()) {
            const std::size_t colon = lines.find(':');
            const std::size_t end = lines.find("\r\n", colon);
            const std::string_view name = lines.substr(0, colon);
            if (!speaks_of_connection(name)) add(name, lines.substr(colon + 2, end - colon - 2));
            lines.remove_prefix(end + 2);
        }
    }

    [[nodiscard]] const nghttp2_nv* data() const noexcept { return list_.data(); }

    [[nodiscard]] std::size_t size() const noexcept { return list_.size(); }

private:
    static bool speaks_of_connection(std::string_view name) noexcept {
        switch (known_field(name)) {
            case KnownField::connection:
            case KnownField::keep_alive:
            case KnownField::proxy_connection:
            case KnownField::transfer_encoding:
            case KnownField::upgrade:
            case KnownField::te:
                return true;
            default:
                return false;
        }
    }

    std::array<char, 3> status_{};
    std::vector<nghttp2_nv> list_;
};

}  // namespace

struct Http2Codec::Callbacks {
    static Http2Codec& codec(void* self) noexcept { return *static_cast<Http2Codec*>(self); }

    static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* frame, void* self) {
        Http2Codec& codec = Callbacks::codec(self);
        using Kind = Http2Budget::Kind;
        const bool ends = (frame->flags & (NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS)) != 0;
        const bool answer = (frame->flags & NGHTTP2_FLAG_ACK) != 0;
        switch (frame->type) {
            case NGHTTP2_RST_STREAM:
                codec.spend(Kind::reset);
                break;
            case NGHTTP2_PING:
                if (!answer) codec.spend(Kind::ping);
                break;
            case NGHTTP2_SETTINGS:
                if (!answer) codec.spend(Kind::settings);
                break;
            case NGHTTP2_DATA:
            case NGHTTP2_HEADERS:
            case NGHTTP2_CONTINUATION:
                if (frame->length == 0 && !ends) codec.spend(Kind::empty);
                break;
            case NGHTTP2_WINDOW_UPDATE:
                codec.spend(Kind::window);
                break;
            case NGHTTP2_GOAWAY:
                break;
            default:
                codec.spend(Kind::empty);
                break;
        }
        if (frame->type != NGHTTP2_CONTINUATION) codec.header_since_.reset();
        return codec.end_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
    }

    /// Not of blocks that are passed over, as those of streams that we have given up: nobody hears of their
    /// ends either.
    static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* self) {
        Http2Codec& codec = Callbacks::codec(self);
        const bool request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
        codec.head_.start(request ? Http2Head::Block::request : Http2Head::Block::trailers);
        codec.header_since_ = codec.now_;
        return 0;
    }

    /// Frames that HTTP/2 does not know are passed over as well, but counted.
    static int on_unknown(nghttp2_session*, void**, const nghttp2_frame_hd*, void*) {
        return NGHTTP2_ERR_CANCEL;
    }

    static int on_header(
        nghttp2_session*,
        const nghttp2_frame*,
        const std::uint8_t* name,
        std::size_t name_size,
        const std::uint8_t* value,
        std::size_t value_size,
        std::uint8_t,
        void* self
    ) {
        Http2Codec& codec = Callbacks::codec(self);
        const auto verdict = codec.head_.add(text_of(name, name_size), text_of(value, value_size));
        if (verdict != Http2Head::Verdict::too_large) return 0;  // a malformed one is told at its end
        codec.end_for(Http2Error::enhance_your_calm, large_header_list);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }

    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
        Http2Codec& codec = Callbacks::codec(self);
        const std::int32_t stream = frame->hd.stream_id;
        const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (frame->hd.type == NGHTTP2_SETTINGS) {
            codec.greeted_ = true;
        } else if (frame->hd.type == NGHTTP2_DATA) {
            if (ended) codec.events_.on_end(stream, {});
        } else if (frame->hd.type == NGHTTP2_HEADERS) {
            codec.header_since_.reset();
            if (codec.head_.finish(ended) != Http2Head::Verdict::fine)
                codec.reset(stream, Http2Error::protocol);
            else if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
                codec.events_.on_request(stream, codec.head_.take(), ended);
            else
                codec.events_.on_end(stream, codec.head_.take());
        }
        return 0;
    }

    static int on_data(
        nghttp2_session*,
        std::uint8_t,
        std::int32_t stream,
        const std::uint8_t* data,
        std::size_t size,
        void* self
    ) {
        codec(self).events_.on_body(stream, text_of(data, size));
        return 0;
    }

    static int on_sent(nghttp2_session*, const nghttp2_frame* frame, void* self) {
        Http2Codec& codec = Callbacks::codec(self);
        if (frame->hd.type == NGHTTP2_RST_STREAM) codec.header_since_.reset();  // of a refused block
        if (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) codec.budget_.earn();
        if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code == NGHTTP2_PROTOCOL_ERROR) {
            codec.events_.on_rejected(malformed_request);
            codec.spend(Http2Budget::Kind::reset);
        } else if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
            codec.terminated_ = true;
            codec.events_.on_rejected(broken_protocol);
        }
        return 0;
    }

    static int on_closed(nghttp2_session*, std::int32_t stream, std::uint32_t, void* self) {
        codec(self).events_.on_closed(stream);
        return 0;
    }

    static ssize_t pull(
        nghttp2_session* session,
        std::int32_t stream,
        std::uint8_t* into,
        std::size_t size,
        std::uint32_t* flags,
        nghttp2_data_source*,
        void* self
    ) {
        const Http2Piece piece = codec(self).events_.pull(stream, {reinterpret_cast<char*>(into), size});
        if (piece.size == 0 && !piece.last) return NGHTTP2_ERR_DEFERRED;
        if (piece.last) *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (piece.last && !piece.trailers.empty()) {
            NameValues trailers;
            trailers.add_lines(piece.trailers);
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            nghttp2_submit_trailer(session, stream, trailers.data(), trailers.size());
        }
        return static_cast<ssize_t>(piece.size);
    }

    /// Made once: it is the same for all connections.
    static nghttp2_session_callbacks* all() {
        static nghttp2_session_callbacks* const callbacks = [] {
            nghttp2_session_callbacks* made = nullptr;
            nghttp2_session_callbacks_new(&made);
            nghttp2_session_callbacks_set_on_begin_frame_callback(made, on_begin_frame);
            nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
            nghttp2_session_callbacks_set_on_header_callback(made, on_header);
            // A field that nghttp2 would pass over silently makes the whole request malformed.
            nghttp2_session_callbacks_set_on_invalid_header_callback(made, on_header);
            nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
            nghttp2_session_callbacks_set_unpack_extension_callback(made, on_unknown);
            nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
            nghttp2_session_callbacks_set_on_frame_send_callback(made, on_sent);
            nghttp2_session_callbacks_set_on_stream_close_callback(made, on_closed);
            return made;
        }();
        return callbacks;
    }

    static nghttp2_option* options() {
        static nghttp2_option* const options = [] {
            nghttp2_option* made = nullptr;
            nghttp2_option_new(&made);
            nghttp2_option_set_no_auto_window_update(made, 1);
            nghttp2_option_set_no_closed_streams(made, 1);
            nghttp2_option_set_max_continuations(made, max_continuations);
            for (unsigned type = first_unknown; type <= 0xff; ++type)
                nghttp2_option_set_user_recv_extension_type(made, static_cast<std::uint8_t>(type));
            return made;
        }();
        return options;
    }
};

Http2Codec::Http2Codec(Options options, Http2Events& events)
    : events_(events), head_(options.max_header_list) {
    const int made = nghttp2_session_server_new2(&session_, Callbacks::all(), this, Callbacks::options());
    FLT_ASSERT(made == 0);
    const std::array<nghttp2_settings_entry, 3> settings{{
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.max_header_list},
    }};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window);
}

Http2Codec::~Http2Codec() {
    nghttp2_session_del(session_);
}

bool Http2Codec::receive(std::string_view bytes, TimePoint now) {
    now_ = now;
    if (end_) return false;
    const ssize_t read = nghttp2_session_mem_recv(session_, bytes_of(bytes), bytes.size());
    if (read < 0 && !end_) {
        if (read == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
            end_for(Http2Error::protocol, broken_protocol);
        else if (read == NGHTTP2_ERR_FLOODED || read == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS)
            end_for(Http2Error::enhance_your_calm, flood);
        else
            end_for(Http2Error::internal, broken_protocol);
    }
    return !end_;
}

void Http2Codec::end_for(Http2Error error, const Reject& reject) {
    if (end_) return;
    end_ = error;
    events_.on_rejected(reject);
}

void Http2Codec::spend(Http2Budget::Kind kind) {
    if (budget_.spend(kind, now_)) return;
    const bool resets = kind == Http2Budget::Kind::reset;
    end_for(Http2Error::enhance_your_calm, resets ? too_many_resets : too_many_frames);
}

void Http2Codec::produce(std::string& out, std::size_t limit) {
    while (!end_ && out.size() < limit) {
        const std::uint8_t* data = nullptr;
        const ssize_t size = nghttp2_session_mem_send(session_, &data);
        if (size <= 0) break;
        out.append(text_of(data, static_cast<std::size_t>(size)));
    }
}

void Http2Codec::respond(std::int32_t stream, int status, std::string_view fields, bool has_body) {
    NameValues head;
    head.add_status(status);
    head.add_lines(fields);
    nghttp2_data_provider body{};
    body.read_callback = Callbacks::pull;
    nghttp2_submit_response(session_, stream, head.data(), head.size(), has_body ? &body : nullptr);
}

void Http2Codec::interim(std::int32_t stream, int status, std::string_view fields) {
    NameValues head;
    head.add_status(status);
    head.add_lines(fields);
    nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream, nullptr, head.data(), head.size(), nullptr);
}

void Http2Codec::resume(std::int32_t stream) {
    nghttp2_session_resume_data(session_, stream);
}

void Http2Codec::reset(std::int32_t stream, Http2Error error) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, static_cast<std::uint32_t>(error));
}

void Http2Codec::consume(std::int32_t stream, std::size_t bytes) {
    if (bytes > 0) nghttp2_session_consume(session_, stream, bytes);
}

void Http2Codec::give_notice() {
    nghttp2_submit_shutdown_notice(session_);
}

void Http2Codec::go_away(Http2Error error) {
    const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_);
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, static_cast<std::uint32_t>(error), nullptr, 0);
}

std::string Http2Codec::goodbye() const {
    // By hand: after an error nghttp2 sends nothing more.
    std::string frame("\0\0\10\7\0\0\0\0\0", 9);
    const auto number = [&frame](std::uint32_t value) {
        for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(value >> shift & 0xff);
    };
    number(static_cast<std::uint32_t>(nghttp2_session_get_last_proc_stream_id(session_)));
    number(static_cast<std::uint32_t>(end_.value_or(Http2Error::none)));
    return frame;
}

bool Http2Codec::alive() const noexcept {
    return nghttp2_session_want_read(session_) != 0 || nghttp2_session_want_write(session_) != 0;
}

}  // namespace flotilla::http
