#pragma once
/// The body of a client's request, as one or several attempts send it.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/http/request.hpp"

namespace flotilla::proxy {

/// Lives in the handler. Bytes are read from the client when an attempt asks for them; what must be sent
/// again is kept, up to a limit.
class RequestBody {
public:
    struct Limits {
        /// Bytes that are kept for another attempt (`retry.max-buffer`); beyond it there is none.
        std::size_t keep = 0;
        /// More than this many bytes end the attempt with `body_too_large`.
        std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    };

    explicit RequestBody(http::Request& request) : RequestBody(request, Limits()) {}

    RequestBody(http::Request& request, Limits limits);
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;

    /// Another attempt can send all of it.
    [[nodiscard]] bool replayable() const noexcept { return !lost_; }

    /// A body of its own in place of the client's, which a filter has made.
    void replace(std::string bytes);

    // For the engine.

    /// All of it, when that needs no waiting.
    std::optional<std::string_view> whole();

    /// It is known beforehand that it goes over the limit.
    [[nodiscard]] bool too_large() const noexcept { return length().value_or(0) > limits_.max; }

    /// The length, if it is known beforehand.
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept;
    /// Goes back to the beginning: an attempt starts.
    void rewind() noexcept;
    /// The next piece; empty at the end. Valid until the next call.
    Task<Result<std::string_view>> next();
    [[nodiscard]] const http::Fields& trailers() const noexcept;

    [[nodiscard]] bool ended() const noexcept { return ended_; }

private:
    http::Request& request_;
    Limits limits_;
    std::optional<std::string_view> whole_;
    std::string replaced_;
    std::string kept_;
    std::size_t position_ = 0;  // in kept_, of the present attempt
    std::uint64_t read_ = 0;    // from the client
    bool lost_ = false;         // bytes have been read that are not kept
    bool ended_ = false;        // the client has sent all of it
};

}  // namespace flotilla::proxy
