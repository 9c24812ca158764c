#pragma once
/// Turns the bytes of a request head into a RequestHead, strictly.
///
/// One pass, no allocation once warm, and no byte is looked at twice however slowly they arrive. What RFC
/// 9112 leaves to the recipient's leniency (folded lines, bare LF, blanks before a colon, repeated framing
/// fields) is refused: each of them is somebody's request-smuggling vector.

#include <optional>
#include <string_view>

#include "flotilla/http/method.hpp"
#include "flotilla/http/parsing.hpp"

namespace flotilla::http {

enum class TargetForm : std::uint8_t {
    origin,    ///< `/path?query`
    absolute,  ///< `http://host/path?query`, as a client sends to a proxy
    asterisk,  ///< `*`, with OPTIONS only
};

/// Everything that a request says before its body. All views point into the parsed buffer.
struct RequestHead {
    Method method = Method::other;
    std::string_view method_text;
    TargetForm form = TargetForm::origin;
    std::string_view target;    ///< as sent
    std::string_view path;      ///< raw; `/` for an absolute form without one, `*` for the asterisk form
    std::string_view query;     ///< raw, without the `?`
    bool has_query = false;     ///< `/a?` has an empty one, `/a` has none
    bool path_is_plain = true;  ///< no escapes and no dot segments: raw and decoded text are the same
    int minor_version = 1;      ///< 0 or 1
    std::string_view host;      ///< of the Host field; may be absent in HTTP/1.0
    Fields fields;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = true;          ///< the client would like to send another request on this connection
    bool connection_names = false;   ///< its Connection fields name others, which mean the connection too
    bool expect_continue = false;    ///< waits for `100 Continue` before it sends the body
    bool upgrade_websocket = false;  ///< asks for `Upgrade: websocket` in the way that HTTP demands
    std::size_t dropped_fields = 0;  ///< fields left out for an underscore in their name

    [[nodiscard]] bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }
};

/// One per connection: `reset()` makes it ready for the next request and keeps its memory.
class RequestParser {
public:
    struct Options {
        Limits limits{};
        UnderscoreFields underscore_fields = UnderscoreFields::drop;
        EncodedSlash encoded_slash = EncodedSlash::reject;
    };

    RequestParser() : RequestParser(Options{}) {}

    explicit RequestParser(Options options);

    void reset() noexcept;

    /// `buffer` is all that has arrived since the last `reset()`: each time the same bytes and maybe more,
    /// but perhaps at another address. After `done` or `rejected` nothing happens until `reset()`.
    Progress parse(std::string_view buffer);

    /// After `done`: how many bytes the head took. What follows is the body, or the next request.
    [[nodiscard]] std::size_t consumed() const noexcept { return block_.at; }

    /// After `done`, and as long as the buffer stays where it is.
    [[nodiscard]] const RequestHead& head() const noexcept { return head_; }

    /// After `rejected`.
    [[nodiscard]] const Reject& reject() const noexcept { return *reject_; }

    /// Whether the first byte of a request has been seen: an idle connection has none.
    [[nodiscard]] bool started() const noexcept { return phase_ != Phase::empty_lines; }

private:
    enum class Phase : std::uint8_t { empty_lines, method, target, version, fields, done, rejected };

    const Reject* read_request_line(std::string_view buffer, bool& starved);
    const Reject* read_empty_lines(std::string_view buffer, bool& starved);
    const Reject* read_version(const char* from, const char* to, bool& starved);
    const Reject* check_target(std::string_view target);
    const Reject* check_absolute(std::string_view target);
    const Reject* check_path(std::string_view path_and_query);
    const Reject* on_field(KnownField known, std::string_view value);
    const Reject* finish(const char* base);

    struct Slice {
        std::size_t at = 0;
        std::size_t size = 0;

        [[nodiscard]] std::string_view of(const char* base) const noexcept { return {base + at, size}; }
    };

    Options options_;
    Phase phase_ = Phase::empty_lines;
    std::size_t line_begin_ = 0;  // of the request line, after empty lines
    std::size_t at_ = 0;          // in the request line: all before it has been looked at
    Slice method_;
    Slice target_;
    Slice path_;       // relative to the target
    Slice query_;      // relative to the target
    Slice authority_;  // relative to the target, of an absolute form
    Slice host_;
    bool has_host_ = false;
    detail::ConnectionOptions connection_;
    detail::FieldBlock block_;
    RequestHead head_;
    const Reject* reject_ = nullptr;
};

}  // namespace flotilla::http
