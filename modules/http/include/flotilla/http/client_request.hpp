#pragma once
/// A request as clients make it.
///
///     co_await client.send(ClientRequest::post("http://order-service/orders")
///                              .header("X-Tenant", "kr")
///                              .json(order)
///                              .timeout(2s));

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "flotilla/base/result.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/http/body.hpp"
#include "flotilla/http/method.hpp"
#include "flotilla/http/url.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::http {

/// A value. What is wrong with it (a line break in a header, a malformed URL) is told when it is sent.
///
/// Each setter comes twice, so that a request can be built in one expression or in steps.
class ClientRequest {
public:
    using Milliseconds = std::chrono::milliseconds;
    /// Writes a body piece by piece; an error ends the call.
    using Producer = std::function<Task<Result<void>>(BodyWriter&)>;

    ClientRequest(std::string_view method, std::string_view url);

    static ClientRequest get(std::string_view url) { return {"GET", url}; }

    static ClientRequest head(std::string_view url) { return {"HEAD", url}; }

    static ClientRequest post(std::string_view url) { return {"POST", url}; }

    static ClientRequest put(std::string_view url) { return {"PUT", url}; }

    static ClientRequest patch(std::string_view url) { return {"PATCH", url}; }

    static ClientRequest delete_(std::string_view url) { return {"DELETE", url}; }

    static ClientRequest options(std::string_view url) { return {"OPTIONS", url}; }

    /// One more field. Those that frame the message or manage the connection are the client's own.
    ClientRequest& header(std::string_view name, std::string_view value) &;

    ClientRequest&& header(std::string_view name, std::string_view value) && {
        return std::move(header(name, value));
    }

    /// One more parameter of the query, encoded.
    ClientRequest& query(std::string_view name, std::string_view value) &;

    ClientRequest&& query(std::string_view name, std::string_view value) && {
        return std::move(query(name, value));
    }

    ClientRequest& body(std::string text, std::string_view content_type) &;

    ClientRequest&& body(std::string text, std::string_view content_type) && {
        return std::move(body(std::move(text), content_type));
    }

    template <class T>
    ClientRequest& json(const T& value) & {
        return body(reflect::to_json(value), "application/json");
    }

    template <class T>
    ClientRequest&& json(const T& value) && {
        return std::move(json(value));
    }

    /// A body that is made while it is sent, with backpressure; chunked when its length is not known.
    ClientRequest& stream(
        Producer producer, std::string_view content_type, std::optional<std::uint64_t> length = {}
    ) &;

    ClientRequest&& stream(
        Producer producer, std::string_view content_type, std::optional<std::uint64_t> length = {}
    ) && {
        return std::move(stream(std::move(producer), content_type, length));
    }

    /// The template that the URL was made of, such as `/users/{id}`: the tag `uri` of the metrics.
    ClientRequest& uri_template(std::string_view text) & {
        uri_template_ = text;
        return *this;
    }

    ClientRequest&& uri_template(std::string_view text) && { return std::move(uri_template(text)); }

    /// The service that the URL's host is an instance of: named in spans and metrics in place of the host.
    ClientRequest& service(std::string_view name) & {
        service_ = name;
        return *this;
    }

    ClientRequest&& service(std::string_view name) && { return std::move(service(name)); }

    /// The whole call. These four override the client's timeouts.
    ClientRequest& timeout(Milliseconds span) & {
        total_timeout_ = span;
        return *this;
    }

    ClientRequest&& timeout(Milliseconds span) && { return std::move(timeout(span)); }

    ClientRequest& connect_timeout(Milliseconds span) & {
        connect_timeout_ = span;
        return *this;
    }

    ClientRequest&& connect_timeout(Milliseconds span) && { return std::move(connect_timeout(span)); }

    ClientRequest& response_timeout(Milliseconds span) & {
        response_timeout_ = span;
        return *this;
    }

    ClientRequest&& response_timeout(Milliseconds span) && { return std::move(response_timeout(span)); }

    ClientRequest& idle_timeout(Milliseconds span) & {
        idle_timeout_ = span;
        return *this;
    }

    ClientRequest&& idle_timeout(Milliseconds span) && { return std::move(idle_timeout(span)); }

    ClientRequest& max_response_size(Bytes size) & {
        max_response_size_ = size;
        return *this;
    }

    ClientRequest&& max_response_size(Bytes size) && { return std::move(max_response_size(size)); }

    ClientRequest& max_redirects(unsigned count) & {
        max_redirects_ = count;
        return *this;
    }

    ClientRequest&& max_redirects(unsigned count) && { return std::move(max_redirects(count)); }

    ClientRequest& decompress(bool yes) & {
        decompress_ = yes;
        return *this;
    }

    ClientRequest&& decompress(bool yes) && { return std::move(decompress(yes)); }

    /// Asks the server for its consent before the body is sent.
    ClientRequest& expect_continue() & {
        expect_continue_ = true;
        return *this;
    }

    ClientRequest&& expect_continue() && { return std::move(expect_continue()); }

    [[nodiscard]] const std::string& method_text() const noexcept { return method_; }

    [[nodiscard]] Method method() const noexcept { return parse_method(method_); }

    [[nodiscard]] const Url& url() const noexcept { return url_; }

    /// `Name: value` lines as they will be sent.
    [[nodiscard]] std::string_view headers() const noexcept { return headers_; }

    [[nodiscard]] bool has_header(std::string_view name) const noexcept;

    [[nodiscard]] const std::string& body_text() const noexcept { return body_; }

    /// Sending it twice does no harm: its method is idempotent or it has an `Idempotency-Key`, and its body
    /// can be sent again.
    [[nodiscard]] bool replayable() const noexcept;

    /// `GET http://host/path`, without the query, which may hold secrets.
    [[nodiscard]] std::string description() const;

private:
    friend class Client;
    friend class ClientCall;
    friend class ClientUpload;

    void remove_header(std::string_view name);

    std::string method_;
    Url url_;
    std::string headers_;
    std::string body_;
    bool has_body_ = false;
    Producer producer_;
    std::optional<std::uint64_t> producer_length_;
    std::string uri_template_;
    std::string service_;
    std::optional<Error> problem_;
    std::optional<Milliseconds> total_timeout_;
    std::optional<Milliseconds> connect_timeout_;
    std::optional<Milliseconds> response_timeout_;
    std::optional<Milliseconds> idle_timeout_;
    std::optional<Bytes> max_response_size_;
    std::optional<unsigned> max_redirects_;
    std::optional<bool> decompress_;
    bool expect_continue_ = false;
};

}  // namespace flotilla::http
