#pragma once
/// A request to a service by its name, before an instance is chosen: what interceptors see and may change.

#include <string>
#include <string_view>

#include "flotilla/http/header_block.hpp"
#include "flotilla/http/method.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::remote {

/// A value. What is wrong with it is told when it is sent.
///
///     OutgoingRequest::post("lb://ORDER-SERVICE/orders").header("X-Tenant", "kr").json(order)
class OutgoingRequest {
public:
    /// `url` is `lb://NAME/path`, `http://NAME/path`, or names a machine: `http://host:8080/path`.
    OutgoingRequest(std::string_view method, std::string_view url);

    static OutgoingRequest get(std::string_view url) { return {"GET", url}; }

    static OutgoingRequest head(std::string_view url) { return {"HEAD", url}; }

    static OutgoingRequest post(std::string_view url) { return {"POST", url}; }

    static OutgoingRequest put(std::string_view url) { return {"PUT", url}; }

    static OutgoingRequest patch(std::string_view url) { return {"PATCH", url}; }

    static OutgoingRequest delete_(std::string_view url) { return {"DELETE", url}; }

    [[nodiscard]] std::string_view method_text() const noexcept { return method_; }

    [[nodiscard]] http::Method method() const noexcept { return http::parse_method(method_); }

    /// Of a client whose base, `http://order-service`, outlives the request.
    struct SharedBase {
        std::string_view text;
    };

    OutgoingRequest(std::string_view method, SharedBase base) : method_(method), shared_base_(base.text) {}

    /// `http://order-service`: scheme and name, without a path.
    [[nodiscard]] std::string_view base() const noexcept {
        return shared_base_.empty() ? std::string_view(base_) : shared_base_;
    }

    /// Path and query as they will be sent.
    [[nodiscard]] const std::string& target() const noexcept { return target_; }

    [[nodiscard]] std::string_view path() const noexcept {
        return std::string_view(target_).substr(0, target_.find('?'));
    }

    /// As people write it, with the name of the service: `http://order-service/orders?page=2`.
    [[nodiscard]] std::string url() const;

    // The pieces that a declared method is made of.

    /// A part of the path that is written as it is.
    OutgoingRequest& literal(std::string_view text) {
        target_ += text;
        has_query_ = has_query_ || text.find('?') != std::string_view::npos;
        return *this;
    }

    /// A value in the path, escaped. A slash is kept, unless `escape_slash`.
    OutgoingRequest& path_value(std::string_view value, bool escape_slash = false);
    /// `name=value`, escaped as Feign does: a blank is `%20`, a slash stays. An empty value gives `name`
    /// alone.
    OutgoingRequest& query(std::string_view name, std::string_view value);

    /// A value is added to those that are there, unless it is one of them.
    OutgoingRequest& header(std::string_view name, std::string_view value) &;

    OutgoingRequest&& header(std::string_view name, std::string_view value) && {
        return std::move(header(name, value));
    }

    /// Replaces all fields of that name.
    OutgoingRequest& set_header(std::string_view name, std::string_view value) {
        if (valid_name(name)) headers_.set(name, value);
        return *this;
    }

    OutgoingRequest& remove_header(std::string_view name) {
        headers_.remove(name);
        return *this;
    }

    [[nodiscard]] const http::HeaderBlock& headers() const noexcept { return headers_; }

    OutgoingRequest& body(std::string text, std::string_view content_type) &;

    OutgoingRequest&& body(std::string text, std::string_view content_type) && {
        return std::move(body(std::move(text), content_type));
    }

    template <class T>
    OutgoingRequest& json(const T& value) & {
        return body(reflect::to_json(value), "application/json");
    }

    template <class T>
    OutgoingRequest&& json(const T& value) && {
        return std::move(json(value));
    }

    [[nodiscard]] bool has_body() const noexcept { return has_body_; }

    [[nodiscard]] const std::string& body() const noexcept { return body_; }

    /// The same body in another coding.
    void replace_body(std::string text) noexcept { body_ = std::move(text); }

    /// Whether doing it twice is the same as doing it once: an idempotent method, or an `Idempotency-Key`.
    [[nodiscard]] bool replayable() const noexcept {
        return http::is_idempotent(method()) || headers_.contains("Idempotency-Key");
    }

    /// A header with a name that is none; empty when all is well.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    bool valid_name(std::string_view name);

    std::string method_;
    std::string_view shared_base_;
    std::string base_;
    std::string target_;
    http::HeaderBlock headers_;
    std::string body_;
    std::string problem_;
    bool has_body_ = false;
    bool has_query_ = false;
};

}  // namespace flotilla::remote
