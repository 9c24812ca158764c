#pragma once
/// Turns the bytes of a response head into a ResponseHead: the client's counterpart of RequestParser, as
/// strict.

#include <optional>
#include <string_view>

#include "flotilla/http/method.hpp"
#include "flotilla/http/parsing.hpp"

namespace flotilla::http {

/// How the end of a response body is known (RFC 9112, 6.3).
enum class BodyFraming : std::uint8_t {
    none,         ///< there is no body: HEAD, 1xx, 204, 304, or a length of zero
    length,       ///< `content_length` bytes
    chunked,      ///< a ChunkedDecoder finds the end
    until_close,  ///< whatever comes until the connection closes; it cannot be used again
};

/// Everything that a response says before its body. All views point into the parsed buffer.
struct ResponseHead {
    int status = 0;
    std::string_view reason;
    int minor_version = 1;
    Fields fields;
    BodyFraming framing = BodyFraming::none;
    std::optional<std::uint64_t> content_length;  ///< as the field says, also in an answer to HEAD
    bool keep_alive = true;                       ///< the connection can be used again after the body
    bool connection_names = false;                ///< its Connection fields name others
    std::size_t dropped_fields = 0;

    /// 100 to 199 except 101: another response to the same request follows.
    [[nodiscard]] bool interim() const noexcept { return status < 200 && status != 101; }
};

/// One per connection. Every refusal has rule `S18` and status 502: what a gateway answers in its place.
class ResponseParser {
public:
    struct Options {
        Limits limits{};
        UnderscoreFields underscore_fields = UnderscoreFields::allow;
    };

    ResponseParser() : ResponseParser(Options{}) {}

    explicit ResponseParser(Options options);

    /// Ready for the next response; the method of the request decides whether it has a body.
    void reset(Method request_method) noexcept;

    /// As RequestParser::parse. After an interim response call `reset` with the same method for the next one.
    Progress parse(std::string_view buffer);

    [[nodiscard]] std::size_t consumed() const noexcept { return block_.at; }

    [[nodiscard]] const ResponseHead& head() const noexcept { return head_; }

    [[nodiscard]] const Reject& reject() const noexcept { return reject_; }

    /// Whether the first byte of a response has been seen.
    [[nodiscard]] bool started() const noexcept { return at_ > 0; }

private:
    enum class Phase : std::uint8_t { version, status, reason, fields, done, rejected };

    const Reject* read_status_line(std::string_view buffer, bool& starved);
    const Reject* on_field(KnownField known, std::string_view value);
    const Reject* finish(const char* base);

    Options options_;
    Method request_method_ = Method::get;
    Phase phase_ = Phase::version;
    std::size_t at_ = 0;  // in the status line: all before it has been looked at
    std::size_t reason_at_ = 0;
    std::size_t reason_size_ = 0;
    bool chunked_ = false;
    detail::ConnectionOptions connection_;
    detail::FieldBlock block_;
    ResponseHead head_;
    Reject reject_;
};

}  // namespace flotilla::http
