#include "flotilla/http/response.hpp"

namespace flotilla::http {

void Response::clear() noexcept {
    constexpr std::size_t worth_keeping = 64 * 1024;
    status_ = Status::ok;
    close_ = false;
    brings_date_ = false;
    exception.clear();
    headers_.clear();
    if (auto* text = std::get_if<std::string>(&body_); text && text->capacity() <= worth_keeping) {
        text->clear();
    } else {
        body_.emplace<std::monostate>();
    }
}

}  // namespace flotilla::http
