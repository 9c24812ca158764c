#pragma once
// Writes a request body piece by piece.

#include "client_call.hpp"
#include "flotilla/http/body.hpp"

namespace flotilla::http {

/// Small pieces are gathered; the head leaves with the first of them.
class ClientUpload final : public BodyWriter {
public:
    explicit ClientUpload(ClientCall& call);

    Task<Result<void>> write(std::string_view bytes) override;
    Task<Result<void>> flush() override;
    void trailer(std::string_view name, std::string_view value) override;
    [[nodiscard]] bool closed() const noexcept override;

    /// Ends the body.
    Task<Result<void>> finish();

private:
    Task<Result<void>> send(std::string_view bytes);

    ClientCall& call_;
    const std::optional<std::uint64_t> length_;
    std::uint64_t written_ = 0;
    std::string buffer_;
    std::string trailers_;
};

}  // namespace flotilla::http
