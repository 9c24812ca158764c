#include "flotilla/http/method.hpp"

namespace flotilla::http {

std::string_view to_text(Method method) noexcept {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::patch:
            return "PATCH";
        case Method::delete_:
            return "DELETE";
        case Method::options:
            return "OPTIONS";
        case Method::trace:
            return "TRACE";
        case Method::connect:
            return "CONNECT";
        case Method::other:
            break;
    }
    return {};
}

Method parse_method(std::string_view text) noexcept {
    const auto matches = [&](Method method) { return text == to_text(method) ? method : Method::other; };
    if (text.size() < 3) return Method::other;
    switch (text[0]) {
        case 'G':
            return matches(Method::get);
        case 'H':
            return matches(Method::head);
        case 'P':
            return text[1] == 'O'   ? matches(Method::post)
                   : text[1] == 'U' ? matches(Method::put)
                                    : matches(Method::patch);
        case 'D':
            return matches(Method::delete_);
        case 'O':
            return matches(Method::options);
        case 'T':
            return matches(Method::trace);
        case 'C':
            return matches(Method::connect);
        default:
            return Method::other;
    }
}

}  // namespace flotilla::http
