#include "flotilla/proxy/error.hpp"

#include "flotilla/http/error.hpp"

namespace flotilla::proxy {

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "proxy"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<ProxyErrc>(code)) {
            case ProxyErrc::refused:
                return "the upstream cannot be reached";
            case ProxyErrc::connect_timeout:
                return "no connection in time";
            case ProxyErrc::tls_failed:
                return "no TLS with the upstream";
            case ProxyErrc::overloaded:
                return "too many wait for a connection";
            case ProxyErrc::closed_early:
                return "connection closed before the answer";
            case ProxyErrc::malformed_answer:
                return "malformed answer";
            case ProxyErrc::response_timeout:
                return "no answer in time";
            case ProxyErrc::unfinished_body:
                return "no whole request in time";
            case ProxyErrc::body_too_large:
                return "the request's body is too large";
            case ProxyErrc::client_malformed:
                return "the request's body is malformed";
            case ProxyErrc::client_timeout:
                return "the request's body did not come in time";
            case ProxyErrc::client_gone:
                return "the client went away";
            case ProxyErrc::answer_cut:
                return "the answer broke off";
        }
        return "unknown";
    }
};

bool is(const Error& error, ProxyErrc code) noexcept {
    return error.code() == make_error_code(code);
}

}  // namespace

std::error_code make_error_code(ProxyErrc code) noexcept {
    static const Category category;
    return {static_cast<int>(code), category};
}

std::unexpected<Error> fail(ProxyErrc code, std::string message) {
    return std::unexpected(Error(make_error_code(code), std::move(message)));
}

http::Status status_of(const Error& error) noexcept {
    if (error.code().category() != make_error_code(ProxyErrc::refused).category())
        return http::status_of(error);
    switch (static_cast<ProxyErrc>(error.code().value())) {
        case ProxyErrc::connect_timeout:
        case ProxyErrc::response_timeout:
        case ProxyErrc::unfinished_body:
            return http::Status::gateway_timeout;
        case ProxyErrc::overloaded:
            return http::Status::service_unavailable;
        case ProxyErrc::body_too_large:
            return http::Status::content_too_large;
        case ProxyErrc::client_malformed:
            return http::Status::bad_request;
        case ProxyErrc::client_timeout:
            return http::Status::request_timeout;
        case ProxyErrc::refused:
        case ProxyErrc::tls_failed:
        case ProxyErrc::closed_early:
        case ProxyErrc::malformed_answer:
        case ProxyErrc::client_gone:
        case ProxyErrc::answer_cut:
            break;
    }
    return http::Status::bad_gateway;
}

bool is_connection_failure(const Error& error) noexcept {
    return is(error, ProxyErrc::refused) || is(error, ProxyErrc::connect_timeout) ||
           is(error, ProxyErrc::closed_early);
}

bool is_timeout(const Error& error) noexcept {
    return is(error, ProxyErrc::connect_timeout) || is(error, ProxyErrc::response_timeout) ||
           is(error, ProxyErrc::unfinished_body);
}

bool says_nothing_of_upstream(const Error& error) noexcept {
    const int status = http::code_of(status_of(error));
    const bool clients_fault = status >= 400 && status < 500;
    return clients_fault || is(error, ProxyErrc::unfinished_body) || is(error, ProxyErrc::client_gone) ||
           is(error, ProxyErrc::overloaded);
}

}  // namespace flotilla::proxy
