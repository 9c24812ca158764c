#include "flotilla/proxy/request_body.hpp"

#include "flotilla/proxy/error.hpp"

namespace flotilla::proxy {

namespace {

Error explain(const Error& error) {
    if (error.code() == Errc::malformed)
        return {make_error_code(ProxyErrc::client_malformed), error.message()};
    if (error.code() == Errc::timed_out) return {make_error_code(ProxyErrc::client_timeout), error.message()};
    return {make_error_code(ProxyErrc::client_gone), error.message()};
}

}  // namespace

RequestBody::RequestBody(http::Request& request, Limits limits) : request_(request), limits_(limits) {}

void RequestBody::replace(std::string bytes) {
    replaced_ = std::move(bytes);
    whole_ = replaced_;
    ended_ = true;
    lost_ = false;
}

std::optional<std::string_view> RequestBody::whole() {
    if (!whole_ && read_ == 0) whole_ = request_.exchange().arrived_body();
    if (whole_) ended_ = true;
    return whole_;
}

std::optional<std::uint64_t> RequestBody::length() const noexcept {
    if (whole_) return whole_->size();
    if (request_.head().chunked) return std::nullopt;
    return request_.head().content_length.value_or(0);
}

void RequestBody::rewind() noexcept {
    position_ = 0;
}

Task<Result<std::string_view>> RequestBody::next() {
    if (position_ < kept_.size()) {
        const auto rest = std::string_view(kept_).substr(position_);
        position_ = kept_.size();
        co_return rest;
    }
    if (ended_) co_return std::string_view();
    const auto piece = co_await request_.exchange().read();
    if (!piece) {
        lost_ = true;
        co_return fail(explain(piece.error()));
    }
    ended_ = piece->empty();
    read_ += piece->size();
    if (read_ > limits_.max) {
        lost_ = true;
        co_return fail(ProxyErrc::body_too_large, "the body is over the limit");
    }
    if (!lost_ && kept_.size() + piece->size() <= limits_.keep) {
        kept_ += *piece;
        position_ = kept_.size();
    } else if (!piece->empty()) {
        lost_ = true;
        kept_ = std::string();
        position_ = 0;
    }
    co_return *piece;
}

const http::Fields& RequestBody::trailers() const noexcept {
    return request_.exchange().request_trailers();
}

}  // namespace flotilla::proxy
