#pragma once
// A client of HTTP/2 that sends whatever a test wants, valid or not: frames are made by hand, header fields
// are literals, and only what comes back goes through HPACK of nghttp2.

#include <nghttp2/nghttp2.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server_harness.hpp"

namespace flotilla::http::testing {

using Lines = std::vector<std::pair<std::string, std::string>>;

namespace frame_type {
inline constexpr std::uint8_t data = 0, headers = 1, priority = 2, rst_stream = 3, settings = 4, ping = 6,
                              goaway = 7, window_update = 8, continuation = 9;
}  // namespace frame_type

namespace frame_flag {
inline constexpr std::uint8_t none = 0, end_stream = 1, ack = 1, end_headers = 4;
}  // namespace frame_flag

inline std::string number32(std::uint32_t value) {
    std::string text;
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(value >> shift & 0xff);
    return text;
}

inline std::uint32_t number32_at(std::string_view text, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(text[i]);
    return value;
}

inline std::string frame(
    std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
) {
    std::string text = number32(static_cast<std::uint32_t>(payload.size())).substr(1);
    text += static_cast<char>(type);
    text += static_cast<char>(flags);
    return text + number32(stream) + std::string(payload);
}

/// A literal of HPACK: length, not compressed.
inline std::string literal(std::string_view text) {
    std::string out;
    if (text.size() < 127) {
        out += static_cast<char>(text.size());
    } else {
        out += '\x7f';
        std::size_t rest = text.size() - 127;
        for (; rest >= 128; rest >>= 7) out += static_cast<char>(0x80 | (rest & 0x7f));
        out += static_cast<char>(rest);
    }
    return out.append(text);
}

inline std::string block(const Lines& fields) {
    std::string out;
    for (const auto& [name, value] : fields) out += '\0' + literal(name) + literal(value);
    return out;
}

inline std::string headers(std::uint32_t stream, const Lines& fields, bool ended = true) {
    const int flags = frame_flag::end_headers | (ended ? frame_flag::end_stream : frame_flag::none);
    return frame(frame_type::headers, static_cast<std::uint8_t>(flags), stream, block(fields));
}

inline std::string data(std::uint32_t stream, std::string_view bytes, bool ended = true) {
    return frame(frame_type::data, ended ? frame_flag::end_stream : frame_flag::none, stream, bytes);
}

inline std::string reset(std::uint32_t stream, std::uint32_t error = 8) {
    return frame(frame_type::rst_stream, frame_flag::none, stream, number32(error));
}

inline std::string window(std::uint32_t stream, std::uint32_t more) {
    return frame(frame_type::window_update, frame_flag::none, stream, number32(more));
}

inline Lines get(std::string path, Lines more = {}) {
    Lines fields{
        {":method", "GET"}, {":scheme", "http"}, {":path", std::move(path)}, {":authority", "a.example"}
    };
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

inline Lines post(std::string path, Lines more = {}) {
    Lines fields = get(std::move(path), std::move(more));
    fields[0].second = "POST";
    return fields;
}

/// What has come on one stream.
struct Http2Answer {
    int status = 0;
    std::vector<int> interim;
    std::map<std::string, std::string> fields;
    std::map<std::string, std::string> trailers;
    std::string body;
    bool ended = false;
    std::optional<std::uint32_t> reset;
};

class Http2Client {
public:
    Http2Client(ServerHarness& harness, runtime::Stream stream)
        : harness_(harness), stream_(std::move(stream)), inflater_(make_inflater(), nghttp2_hd_inflate_del) {}

    /// Connects and introduces itself, without waiting for an answer.
    static Task<std::unique_ptr<Http2Client>> open(
        ServerHarness& harness, std::uint32_t stream_window = 65'535
    ) {
        auto client = std::make_unique<Http2Client>(harness, co_await harness.connect());
        co_await client->greet(stream_window);
        co_return client;
    }

    Task<> greet(std::uint32_t stream_window = 65'535) {
        const std::string window_size = std::string("\0\4", 2) + number32(stream_window);
        const std::string text = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
                                 frame(frame_type::settings, frame_flag::none, 0, window_size);
        co_await send(text);
    }

    Task<> send(std::string bytes) { (void)co_await stream_.write_all(bytes, harness_.in(patience)); }

    /// The next frame; false at the end of the connection.
    Task<bool> next() {
        while (input_.size() < 9 || input_.size() < 9 + frame_size()) {
            std::array<char, 16 * 1024> buffer;
            const auto got = co_await stream_.read_some(buffer, harness_.in(patience));
            if (!got || *got == 0) {
                closed = true;
                co_return false;
            }
            input_.append(buffer.data(), *got);
        }
        const std::size_t size = frame_size();
        const std::string head = input_.substr(0, 9);
        const std::string payload = input_.substr(9, size);
        input_.erase(0, 9 + size);
        const std::uint32_t stream = number32_at(head, 5);
        const auto flags = static_cast<std::uint8_t>(head[4]);
        const auto type = static_cast<std::uint8_t>(head[3]);
        ++frames[type];
        take(type, flags, stream, payload);
        if (type == frame_type::data && size > 0 && grants) {
            const std::string more = window(stream, static_cast<std::uint32_t>(size)) +
                                     window(0, static_cast<std::uint32_t>(size));
            co_await send(more);
        }
        co_return true;
    }

    /// Reads until the stream has ended, in whatever way.
    Task<Http2Answer> answer(std::uint32_t stream) {
        for (;;) {
            const Http2Answer& answer = answers[stream];
            if (answer.ended || answer.reset) break;
            const bool more = co_await next();
            if (!more) break;
        }
        co_return answers[stream];
    }

    Task<Http2Answer> ask(std::uint32_t stream, Lines fields) {
        const std::string text = headers(stream, fields);
        co_await send(text);
        co_return co_await answer(stream);
    }

    /// Reads to the end of the connection.
    Task<> read_to_end() {
        for (;;) {
            const bool more = co_await next();
            if (!more) break;
        }
    }

    [[nodiscard]] runtime::Stream& stream() { return stream_; }

    std::map<std::uint32_t, Http2Answer> answers;
    std::map<std::uint8_t, int> frames;  // by type
    std::map<std::uint32_t, std::uint64_t> granted;
    std::optional<std::uint32_t> goaway;       // its error
    std::vector<std::uint32_t> goaway_last{};  // its last streams
    std::map<std::uint16_t, std::uint32_t> settings;
    bool grants = true;  ///< window for what has come
    bool closed = false;
    Duration patience = std::chrono::seconds(5);

private:
    static nghttp2_hd_inflater* make_inflater() {
        nghttp2_hd_inflater* made = nullptr;
        nghttp2_hd_inflate_new(&made);
        return made;
    }

    [[nodiscard]] std::size_t frame_size() const {
        return number32_at(std::string(1, '\0') + input_.substr(0, 3), 0);
    }

    void take(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, const std::string& payload) {
        Http2Answer& answer = answers[stream];
        switch (type) {
            case frame_type::headers:
                take_fields(answer, payload);
                answer.ended = answer.ended || (flags & frame_flag::end_stream) != 0;
                break;
            case frame_type::data:
                answer.body += payload;
                answer.ended = answer.ended || (flags & frame_flag::end_stream) != 0;
                break;
            case frame_type::rst_stream:
                answer.reset = number32_at(payload, 0);
                break;
            case frame_type::goaway:
                goaway_last.push_back(number32_at(payload, 0));
                goaway = number32_at(payload, 4);
                break;
            case frame_type::window_update:
                granted[stream] += number32_at(payload, 0);
                break;
            case frame_type::settings:
                for (std::size_t at = 0; at + 6 <= payload.size(); at += 6) {
                    const auto id = static_cast<std::uint16_t>(
                        static_cast<unsigned char>(payload[at]) << 8 |
                        static_cast<unsigned char>(payload[at + 1])
                    );
                    settings[id] = number32_at(payload, at + 2);
                }
                break;
            default:
                break;
        }
    }

    void take_fields(Http2Answer& answer, const std::string& payload) {
        const auto* at = reinterpret_cast<const std::uint8_t*>(payload.data());
        std::size_t left = payload.size();
        const bool trailers = answer.status >= 200;
        for (;;) {
            nghttp2_nv field{};
            int flags = 0;
            const ssize_t used = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, at, left, 1);
            if (used < 0) break;
            at += used;
            left -= static_cast<std::size_t>(used);
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
                const std::string name(reinterpret_cast<const char*>(field.name), field.namelen);
                const std::string value(reinterpret_cast<const char*>(field.value), field.valuelen);
                if (name == ":status")
                    answer.status = std::stoi(value);
                else
                    (trailers ? answer.trailers : answer.fields)[name] = value;
            }
            if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
        }
        nghttp2_hd_inflate_end_headers(inflater_.get());
        if (answer.status < 200) answer.interim.push_back(answer.status);
    }

    ServerHarness& harness_;
    runtime::Stream stream_;
    std::unique_ptr<nghttp2_hd_inflater, void (*)(nghttp2_hd_inflater*)> inflater_;
    std::string input_;
};

inline ServerConfig with_h2c(ServerConfig config = {}) {
    config.http2.h2c = true;
    return config;
}

}  // namespace flotilla::http::testing
