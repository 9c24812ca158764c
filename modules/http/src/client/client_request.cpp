#include "flotilla/http/client_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/percent.hpp"

namespace flotilla::http {

namespace {

/// What frames the message or manages the connection.
constexpr std::array<std::string_view, 9> own_fields = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "content-length",
    "upgrade",
    "expect",
    "te",
    "trailer",
};

/// Of these a message has one at the most: a new one replaces the old one.
constexpr std::array<std::string_view, 5> single_fields = {
    "host", "content-type", "user-agent", "authorization", "accept"
};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
    for (const auto each : names)
        if (iequals(each, name)) return true;
    return false;
}

/// Where the line of that name begins; npos when there is none.
std::size_t line_of(std::string_view headers, std::string_view name) {
    for (std::size_t at = 0; at < headers.size(); at = headers.find('\n', at) + 1) {
        if (headers.size() > at + name.size() && headers[at + name.size()] == ':' &&
            iequals(headers.substr(at, name.size()), name))
            return at;
    }
    return std::string_view::npos;
}

}  // namespace

ClientRequest::ClientRequest(std::string_view method, std::string_view url) : method_(method) {
    if (!is_token(method)) problem_ = Error(Errc::invalid_argument, "the method is no token");
    auto parsed = Url::parse(url);
    if (!parsed) {
        std::string text = parsed.error().message();
        std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
        problem_ = Error(parsed.error().code(), std::move(text));
    } else if (parsed->balanced || (parsed->scheme != "http" && parsed->scheme != "https")) {
        problem_ =
            Error(Errc::unsupported, fmt::format("'{}' is neither http nor https", parsed->to_string()));
    } else {
        url_ = std::move(*parsed);
        if (url_.user_info.empty()) return;
        const auto credentials = percent_decode(url_.user_info);
        if (credentials) header("Authorization", "Basic " + to_base64(*credentials));
        url_.user_info.clear();
    }
}

ClientRequest& ClientRequest::header(std::string_view name, std::string_view value) & {
    if (contains(own_fields, name)) {
        problem_ =
            Error(Errc::invalid_argument, fmt::format("header '{}' is set by the client itself", name));
        return *this;
    }
    if (contains(single_fields, name)) remove_header(name);
    if (!append_field(headers_, name, value)) {
        // Neither is quoted: they hold what would garble a log.
        problem_ = Error(
            Errc::invalid_argument,
            is_token(name) ? fmt::format("header '{}' has a value with forbidden characters", name)
                           : "a header has a name with forbidden characters"
        );
    }
    return *this;
}

ClientRequest& ClientRequest::query(std::string_view name, std::string_view value) & {
    url_.add_query(name, value);
    return *this;
}

ClientRequest& ClientRequest::body(std::string text, std::string_view content_type) & {
    body_ = std::move(text);
    has_body_ = true;
    producer_ = nullptr;
    return header("Content-Type", content_type);
}

ClientRequest& ClientRequest::stream(
    Producer producer, std::string_view content_type, std::optional<std::uint64_t> length
) & {
    producer_ = std::move(producer);
    producer_length_ = length;
    has_body_ = true;
    body_.clear();
    return header("Content-Type", content_type);
}

bool ClientRequest::has_header(std::string_view name) const noexcept {
    return line_of(headers_, name) != std::string_view::npos;
}

void ClientRequest::remove_header(std::string_view name) {
    for (std::size_t at = 0; (at = line_of(headers_, name)) != std::string_view::npos;)
        headers_.erase(at, headers_.find('\n', at) + 1 - at);
}

bool ClientRequest::replayable() const noexcept {
    return !producer_ && (is_idempotent(method()) || has_header("Idempotency-Key"));
}

std::string ClientRequest::description() const {
    const std::string_view method = is_token(method_) ? std::string_view(method_) : "request";
    return url_.host.empty() ? std::string(method)
                             : fmt::format("{} {}://{}{}", method, url_.scheme, url_.authority(), url_.path);
}

}  // namespace flotilla::http
