// Bodies that filters have to see as a whole: the request's is read before they run, the answer's before they
// run again.

#include "flotilla/base/text.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/http/status.hpp"
#include "journey.hpp"

namespace flotilla::gateway {

Task<Journey::Step> Journey::read_body() {
    if (!body_) body_.emplace(request_, body_limits());
    if (body_->too_large()) {
        write_error(413, "");
        co_return Step::finished;
    }
    if (const auto whole = body_->whole()) {
        exchange_.set_body(*whole);
        co_return admit();
    }
    std::string bytes;
    while (true) {
        const auto piece = co_await body_->next();
        if (!piece) {
            write_error(http::code_of(proxy::status_of(piece.error())), "");
            co_return Step::finished;
        }
        if (piece->empty()) break;
        bytes += *piece;
    }
    exchange_.set_body(bytes);
    co_return admit();
}

bool Journey::wants_whole(const http::Response& response) const {
    const auto& held = policies().held_answer;
    const int status = http::code_of(response.status());
    return held && request_.method() != http::Method::head && !http::never_has_body(status) &&
           held->covers(response.headers().find("Content-Type"));
}

Result<void> Journey::decode_answer() {
    // What came in one piece is here whatever its length.
    if (response_.text().value_or("").size() > policies().held_answer->most)
        return fail(Errc::limit_exceeded, "the answer is longer than can be held");
    const std::string coding(response_.headers().find("Content-Encoding"));
    if (coding.empty() || iequals(coding, "identity")) return {};
    if (!iequals(coding, "gzip")) return fail(Errc::unsupported, "the answer is encoded as " + coding);
    const http::GzipDecompressor::Options options{.max_output = policies().held_answer->most};
    FLT_TRY(std::string decoded, http::gunzip(response_.text().value_or(""), options));
    response_.headers().remove("Content-Encoding");
    response_.text_buffer() = std::move(decoded);
    return {};
}

}  // namespace flotilla::gateway
