#pragma once
// The fields of an HTTP/2 request as the HTTP/1.1 head that says the same, which the one strict parser then
// reads: a path, a host or a length is judged in one place, whichever way it came. What would mean something
// else in that text (rule S14) is refused here.

#include <cstdint>
#include <string>
#include <string_view>

namespace flotilla::http {

class Http2Head {
public:
    enum class Block : std::uint8_t { request, trailers };

    enum class Verdict : std::uint8_t {
        fine,
        malformed,  ///< S14: the stream is reset
        too_large,  ///< S15: the connection is ended
    };

    /// `limit` as SETTINGS_MAX_HEADER_LIST_SIZE counts: 32 octets for each field on top of its text.
    explicit Http2Head(std::size_t limit) : limit_(limit) {}

    /// Another block begins.
    void start(Block block);

    /// The next field, out of HPACK.
    Verdict add(std::string_view name, std::string_view value);

    /// The block is complete. `ended`: no body follows.
    Verdict finish(bool ended);

    /// After `finish`: the head, or for trailers what ends a chunked body. The text is the caller's then.
    [[nodiscard]] std::string take() noexcept { return std::move(text_); }

private:
    Verdict add_pseudo(std::string_view name, std::string_view value);
    Verdict add_regular(std::string_view name, std::string_view value);
    bool write_request_line();

    struct Pseudo {
        std::string text;
        bool given = false;

        bool set(std::string_view value);
    };

    std::size_t limit_;
    std::size_t size_ = 0;
    Block block_ = Block::request;
    bool malformed_ = false;
    bool regular_seen_ = false;
    bool has_length_ = false;
    Pseudo method_;
    Pseudo scheme_;
    Pseudo path_;
    Pseudo authority_;
    Pseudo host_;
    std::string cookie_;
    std::string fields_;
    std::string text_;
};

}  // namespace flotilla::http
