#pragma once
/// A request as handlers see it.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/access_note.hpp"
#include "flotilla/http/request_parser.hpp"
#include "flotilla/http/server_exchange.hpp"
#include "flotilla/runtime/endpoint.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::http {

class Route;

/// A value out of the path, percent-decoded: `{id}` of `/users/{id}`.
struct PathParameter {
    std::string_view name;
    std::string_view value;
};

/// Lives as long as its handler runs, on one loop. Views point into the connection's buffer.
class Request {
public:
    static constexpr std::size_t max_path_parameters = 8;

    [[nodiscard]] Method method() const noexcept { return head_->method; }

    [[nodiscard]] std::string_view method_text() const noexcept { return head_->method_text; }

    /// Percent-decoded and without dot segments; what routes match.
    [[nodiscard]] std::string_view path() const noexcept { return path_; }

    [[nodiscard]] std::string_view raw_path() const noexcept { return head_->path; }

    /// Raw, without the question mark.
    [[nodiscard]] std::string_view query() const noexcept { return head_->query; }

    [[nodiscard]] const RequestHead& head() const noexcept { return *head_; }

    [[nodiscard]] const Fields& fields() const noexcept { return head_->fields; }

    [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
        return head_->fields.get(name);
    }

    [[nodiscard]] std::string_view header(KnownField known) const noexcept {
        return head_->fields.get(known);
    }

    /// The decoded first value of a query parameter.
    [[nodiscard]] std::optional<std::string> query_parameter(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> query_parameters(std::string_view name) const;
    [[nodiscard]] std::optional<std::string_view> path_parameter(std::string_view name) const noexcept;

    [[nodiscard]] std::span<const PathParameter> path_parameters() const noexcept {
        return {parameters_.data(), parameter_count_};
    }

    /// The whole body, for routes that do not stream.
    [[nodiscard]] std::string_view body() const noexcept { return body_; }

    /// For streaming routes; also gives a body that has been read already.
    [[nodiscard]] BodyReader& body_reader() const noexcept { return *reader_; }

    /// For handlers that write the answer themselves, while they run.
    [[nodiscard]] ServerExchange& exchange() const noexcept { return *exchange_; }

    [[nodiscard]] const runtime::Endpoint& peer() const noexcept { return *peer_; }

    /// Came over TLS.
    [[nodiscard]] bool secure() const noexcept { return secure_; }

    /// `http` or `https`, host and port as the client sees them: for absolute URLs in answers.
    [[nodiscard]] std::string base_url() const;

    /// When its first byte was seen.
    [[nodiscard]] TimePoint received() const noexcept { return received_; }

    /// The server span of this request.
    [[nodiscard]] tracing::SpanRef span() const noexcept { return span_; }

    /// What matched; null before routing and when nothing did.
    [[nodiscard]] const Route* route() const noexcept { return route_; }

    /// For handlers that send it on; null unless there is an access log.
    [[nodiscard]] AccessNote* access_note() const noexcept { return access_note_; }

    /// Who is asking, once a filter has found out; empty when nobody did.
    std::string principal;

private:
    friend class Router;
    friend class ServedExchange;
    friend class Session;
    friend class Http2Stream;
    friend class RequestBuilder;

    const RequestHead* head_ = nullptr;
    std::string_view path_;
    std::string decoded_path_;
    std::string_view body_;
    BodyReader* reader_ = nullptr;
    ServerExchange* exchange_ = nullptr;
    const runtime::Endpoint* peer_ = nullptr;
    AccessNote* access_note_ = nullptr;
    TimePoint received_;
    tracing::SpanRef span_;
    const Route* route_ = nullptr;
    std::array<PathParameter, max_path_parameters> parameters_{};
    std::size_t parameter_count_ = 0;
    bool path_known_ = false;  // of a route, though perhaps for other methods
    bool secure_ = false;
};

}  // namespace flotilla::http
