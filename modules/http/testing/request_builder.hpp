#pragma once
// Requests without a connection, to drive a router in process.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/assert.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/http/router.hpp"

namespace flotilla::http {

/// Owns what a request's views point into.
class RequestBuilder {
public:
    using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

    RequestBuilder(std::string_view method_and_target, const Fields& fields, std::string_view body)
        : body_(body) {
        buffer_ = std::string(method_and_target) + " HTTP/1.1\r\n";
        bool host = false;
        for (const auto& [name, value] : fields) {
            host = host || name == "Host";
            buffer_ += std::string(name) + ": " + std::string(value) + "\r\n";
        }
        if (!host) buffer_ += "Host: localhost:8081\r\n";
        if (!body_.empty()) buffer_ += "Content-Length: " + std::to_string(body_.size()) + "\r\n";
        buffer_ += "\r\n";
        FLT_ASSERT(parser_.parse(buffer_) == Progress::done);
        request.head_ = &parser_.head();
        request.peer_ = &peer_;
        request.path_ = request.head_->path;
        if (!request.head_->path_is_plain) {
            request.decoded_path_ = decode_path(request.head_->path, EncodedSlash::keep).value();
            request.path_ = request.decoded_path_;
        }
        request.body_ = body_;
    }

    void come_from(std::string_view address) { peer_ = runtime::Endpoint::parse(address, 40000).value(); }

    RequestBuilder(const RequestBuilder&) = delete;
    RequestBuilder& operator=(const RequestBuilder&) = delete;

    Request request;

private:
    std::string buffer_;
    std::string body_;
    RequestParser parser_;
    runtime::Endpoint peer_ = runtime::Endpoint::parse("10.0.0.7", 40000).value();
};

/// One field; g++ 12 takes no braced list in an awaited call.
inline RequestBuilder::Fields header(std::string_view name, std::string_view value) {
    return {{name, value}};
}

/// What a router answers to a request that is made already.
inline Task<Response> drive(Router& router, std::unique_ptr<RequestBuilder> builder) {
    Response response;
    router.prepare(builder->request);
    Pending pending = router.handle(builder->request, response);
    if (pending) co_await std::move(*pending);
    co_return response;
}

/// What a router answers.
inline Task<Response> drive(
    Router& router, std::string method_and_target, RequestBuilder::Fields fields = {}, std::string body = {}
) {
    auto builder = std::make_unique<RequestBuilder>(method_and_target, fields, body);
    co_return co_await drive(router, std::move(builder));
}

}  // namespace flotilla::http
