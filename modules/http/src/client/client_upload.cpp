#include "client_upload.hpp"

#include <fmt/format.h>

#include "flotilla/http/chunked.hpp"
#include "flotilla/http/message_writer.hpp"

namespace flotilla::http {

namespace {

constexpr std::size_t gather_limit = 16 * 1024;

}  // namespace

ClientUpload::ClientUpload(ClientCall& call)
    : call_(call),
      length_(
          call.request_.producer_ ? call.request_.producer_length_
                                  : std::optional<std::uint64_t>(call.request_.body_.size())
      ) {
    if (!std::exchange(call_.head_sent_, true)) buffer_ = call_.head_text_;
}

Task<Result<void>> ClientUpload::send(std::string_view bytes) {
    const std::string gathered = std::exchange(buffer_, std::string());
    co_return co_await call_.connection().write(gathered, bytes, call_.limits_.idle, call_.deadline_);
}

Task<Result<void>> ClientUpload::write(std::string_view bytes) {
    if (bytes.empty()) co_return Result<void>();
    written_ += bytes.size();
    if (length_ && written_ > *length_)
        co_return fail(
            Errc::invalid_argument, fmt::format("the body is longer than the {} bytes announced", *length_)
        );
    if (!length_) buffer_ += ChunkHeader(bytes.size()).text();
    if (buffer_.size() + bytes.size() < gather_limit) {
        buffer_ += bytes;
        if (!length_) buffer_ += chunk_end;
        co_return Result<void>();
    }
    FLT_CO_CHECK(co_await send(bytes));
    if (!length_) buffer_ += chunk_end;
    co_return Result<void>();
}

Task<Result<void>> ClientUpload::flush() {
    return send(std::string_view());
}

void ClientUpload::trailer(std::string_view name, std::string_view value) {
    // What cannot be sent safely is left out, as for answers.
    (void)append_field(trailers_, name, value);
}

bool ClientUpload::closed() const noexcept {
    return call_.connection().peer_closed();
}

Task<Result<void>> ClientUpload::finish() {
    if (length_ && written_ < *length_)
        co_return fail(
            Errc::invalid_argument,
            fmt::format("the body ended after {} of the {} bytes announced", written_, *length_)
        );
    if (!length_) {
        buffer_ += "0\r\n";
        buffer_ += trailers_;
        buffer_ += "\r\n";
    }
    co_return co_await send(std::string_view());
}

}  // namespace flotilla::http
