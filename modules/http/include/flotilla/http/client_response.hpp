#pragma once
/// Answers as clients get them: whole, or head first and the body piece by piece.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/http/body.hpp"
#include "flotilla/http/fields.hpp"
#include "flotilla/http/status.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::http {

class ClientCall;

/// Whether a body is to be held in memory, where it has a limit.
enum class ClientBody : std::uint8_t { whole, streamed };

/// Status line and fields of an answer, with the text that they point into. Stays in place.
struct ClientResponseHead {
    ClientResponseHead() = default;
    ClientResponseHead(const ClientResponseHead&) = delete;
    ClientResponseHead& operator=(const ClientResponseHead&) = delete;

    int status = 0;
    std::string_view reason;
    Fields fields;
    std::string text;
};

/// A whole answer, independent of its connection. Moves, does not copy.
class ClientResponse {
public:
    ClientResponse(std::unique_ptr<const ClientResponseHead> head, std::string body) noexcept
        : head_(std::move(head)), body_(std::move(body)) {}

    [[nodiscard]] int status() const noexcept { return head_->status; }

    [[nodiscard]] std::string_view reason() const noexcept { return head_->reason; }

    /// 200 to 299.
    [[nodiscard]] bool ok() const noexcept { return status() / 100 == 2; }

    [[nodiscard]] const Fields& fields() const noexcept { return head_->fields; }

    [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
        return head_->fields.get(name);
    }

    [[nodiscard]] const std::string& body() const& noexcept { return body_; }

    [[nodiscard]] std::string body() && noexcept { return std::move(body_); }

    /// The body as a described struct.
    template <class T>
    [[nodiscard]] Result<T> json() const {
        auto value = reflect::from_json<T>(body_);
        if (!value) return fail(value.error().within("response body"));
        return value;
    }

private:
    std::unique_ptr<const ClientResponseHead> head_;
    std::string body_;
};

/// An answer whose body is still on its way. Nothing is read from the network before it is asked for.
///
/// To drop it before the end closes its connection, which is how a call is cancelled. Belongs to the loop
/// that it was opened on; may outlive the client.
class ClientStream final : public BodyReader {
public:
    explicit ClientStream(std::unique_ptr<ClientCall> call) noexcept;
    ClientStream(ClientStream&&) noexcept;
    ClientStream& operator=(ClientStream&&) noexcept;
    ~ClientStream();

    [[nodiscard]] int status() const noexcept { return head().status; }

    [[nodiscard]] const Fields& fields() const noexcept { return head().fields; }

    [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
        return head().fields.get(name);
    }

    [[nodiscard]] const ClientResponseHead& head() const noexcept;

    /// The next piece of the body; empty at the end. Valid until the next call.
    Task<Result<std::string_view>> read() override;
    /// Fills at least one byte of `into`; 0 at the end.
    Task<Result<std::size_t>> read_some(std::span<char> into);
    /// The rest of the body at once; `Errc::limit_exceeded` when it is longer than `limit`.
    Task<Result<std::string>> read_all(std::size_t limit);

    /// After the end of a chunked body.
    [[nodiscard]] const Fields& trailers() const noexcept;

private:
    friend class Client;

    std::unique_ptr<ClientCall> call_;
    std::string_view left_;  // of the last piece, for read_some
};

}  // namespace flotilla::http
