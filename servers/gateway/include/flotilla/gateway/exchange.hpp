#pragma once
/// One request on its way through the gateway, as predicates and filters see it: what came in, which never
/// changes, and what will be sent on, which filters change.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/gateway/arena.hpp"
#include "flotilla/gateway/headers.hpp"
#include "flotilla/gateway/request_path.hpp"
#include "flotilla/gateway/variables.hpp"
#include "flotilla/http/request_parser.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/http/url.hpp"
#include "flotilla/reflect/value.hpp"
#include "flotilla/runtime/endpoint.hpp"

namespace flotilla::gateway {

class Route;

/// Whether a request goes on after a filter.
enum class Next : std::uint8_t {
    go_on,
    answered,  ///< `exchange.respond(...)` was called: nothing is sent upstream
};

/// The request as the client sent it. Everything outlives the exchange.
struct Inbound {
    const http::RequestHead& head;
    std::string_view path;  ///< raw, checked, without dot segments
    const runtime::Endpoint& peer;
    bool secure = false;  ///< came over TLS
    TimePoint now{};
    WallTime wall{};
    std::string_view id = {};  ///< of this request, for logs and error bodies
    /// Null: the thread's own.
    Random* random = nullptr;
};

/// Why a call that a breaker guards has failed: for its fallback.
struct Failure {
    std::string_view
        type;  ///< a short fixed code: `timeout`, `connect_failed`, `not_permitted`, `status_500`
};

/// What goes back to the client: of an upstream, or of a filter that has answered itself.
class Answer {
public:
    explicit Answer(http::Response& response) noexcept : headers(response.headers()), response_(&response) {}

    [[nodiscard]] int status() const noexcept { return http::code_of(response_->status()); }

    void set_status(int status) noexcept { response_->status(static_cast<http::Status>(status)); }

    /// In place of the body that there is, where there is one already.
    void set_body(std::string_view content_type, std::string_view text) {
        response_->set_body(content_type, std::string(text));
    }

    /// The whole body, for routes whose filters asked for it (`RoutePolicies::hold_answer`); nothing where it
    /// only passes by.
    [[nodiscard]] std::optional<std::string_view> body() const noexcept {
        return held ? response_->text() : std::nullopt;
    }

    /// Another text of the same media type.
    void replace_body(std::string text) { response_->text_buffer() = std::move(text); }

    /// The client gets an error of the gateway's own instead.
    void fail(int status) noexcept { failure = status; }

    Headers headers;
    bool early = false;  ///< made by a filter; nothing was sent upstream
    bool held = false;   ///< the body is here, decoded
    int failure = 0;     ///< why the answer cannot be given

private:
    http::Response* response_;
};

class Exchange {
public:
    /// `outgoing` has the fields that are sent on unless filters change them; `response` is what the client
    /// gets.
    Exchange(const Inbound& inbound, http::HeaderBlock& outgoing, http::Response& response);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] const Inbound& inbound() const noexcept { return inbound_; }

    [[nodiscard]] const http::RequestHead& head() const noexcept { return inbound_.head; }

    [[nodiscard]] std::string_view method() const noexcept { return inbound_.head.method_text; }

    /// What predicates look at: the path that routing began with.
    [[nodiscard]] const RequestPath& request_path() const noexcept { return *request_path_; }

    /// Of the Host field, as it is sent.
    [[nodiscard]] std::string_view host() const noexcept { return inbound_.head.host; }

    // What will be sent on.

    [[nodiscard]] std::string_view path() const noexcept { return path_; }

    /// Raw: what cannot stand in a request line is refused (`false`).
    bool set_path(std::string_view path);
    /// The same, and notes the former path for X-Forwarded-Prefix.
    bool rewrite_path(std::string_view path);
    /// What rewrites have cut off in front of the path that is sent, one element for each: `/a/b,/b`.
    [[nodiscard]] std::string cut_prefixes() const;

    [[nodiscard]] std::string_view query() const noexcept { return query_; }

    [[nodiscard]] bool has_query() const noexcept { return has_query_; }

    /// Raw, without its question mark; none at all when `present` is false.
    bool set_query(std::string_view query, bool present = true);

    [[nodiscard]] Headers& headers() noexcept { return headers_; }

    /// The request's body, for routes whose filters asked for it (`RoutePolicies::hold_request`); nothing
    /// where it only passes by.
    [[nodiscard]] std::optional<std::string_view> body() const noexcept { return body_; }

    /// Sends that instead of the client's.
    void set_body(std::string_view bytes) { body_ = arena_.keep(bytes); }

    /// Where it goes instead of the route's own URI; its path and query do not count.
    std::optional<http::Url> target = {};
    /// The Host to be sent instead of the target's own; empty: the target's.
    std::string_view host_to_send = {};
    bool prefix_added = false;  ///< PrefixPath works once
    /// Who is asking, once a filter has found out.
    std::string_view principal = {};
    /// The claims of a token that a filter has verified; null without one.
    std::shared_ptr<const reflect::Json> claims = {};
    /// Of the call that this exchange is the fallback for.
    std::optional<Failure> failure = {};

    [[nodiscard]] Variables& variables() noexcept { return variables_; }

    [[nodiscard]] const Variables& variables() const noexcept { return variables_; }

    [[nodiscard]] Arena& arena() noexcept { return arena_; }

    /// The answer that a filter gives instead of an upstream.
    [[nodiscard]] Answer& answer() noexcept { return answer_; }

    /// `return exchange.respond(403);` in a filter's `before`. A body is plain text.
    Next respond(int status, std::string_view body = {});

    /// Where it goes; null before a route was found.
    [[nodiscard]] const Route* route() const noexcept { return route_; }

    void set_route(const Route* route) noexcept { route_ = route; }

    /// The number drawn for a group of weighted routes: the same for all of them in one request.
    [[nodiscard]] double drawn(std::uint32_t group);

    /// Routes it anew under another path, as `forward:` does: headers, variables and the rest stay as filters
    /// left them.
    void forward_to(std::string_view path);

    /// How often it has been forwarded.
    [[nodiscard]] unsigned forwards() const noexcept { return forwards_; }

private:
    Inbound inbound_;
    Arena arena_;
    std::optional<RequestPath> request_path_;
    std::string_view path_;
    std::string_view query_;
    bool has_query_;
    std::optional<std::string_view> body_;
    Headers headers_;
    Variables variables_;
    Answer answer_;
    const Route* route_ = nullptr;
    unsigned forwards_ = 0;
    ArenaList<std::string_view> former_paths_;
    ArenaList<std::pair<std::uint32_t, double>> drawn_;
};

/// Whether a text may stand as path or query in a request line as it is.
bool fits_request_line(std::string_view text) noexcept;

}  // namespace flotilla::gateway
