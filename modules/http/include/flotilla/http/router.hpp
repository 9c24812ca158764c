#pragma once
/// Finds the handler of a request by its method and path, and gives handlers their parameters by type.
///
///     router.get("/users/{id}", [&](Path<"id", std::uint64_t> id) -> Result<User> { … });
///     router.post("/orders", [&](Body<OrderIn> order) -> Task<Created<OrderOut>> { … });
///
/// See binding.hpp for what a handler may take and return.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/http/binding.hpp"
#include "flotilla/http/error.hpp"
#include "flotilla/http/handler.hpp"

namespace flotilla::http {

/// A status that a route may answer with, besides those that its types tell of.
///
///     .responses = {ResponseDoc::of<OrderOut>(201, "Placed"), {404, "No such user"}}
struct ResponseDoc {
    int status = 200;
    std::string description = {};
    reflect::TypeInfo::Ref body = nullptr;
    /// Of the body; that of the route when empty. A status may stand there once for each of its types.
    std::string media_type = {};

    /// With that type as its JSON body: where the handler's type does not tell it.
    template <class T>
    static ResponseDoc of(int status, std::string description = {}, std::string media_type = {}) {
        return {status, std::move(description), &reflect::type_info_of<T>, std::move(media_type)};
    }
};

/// What an API description says about a route beyond its types.
struct RouteDoc {
    std::string summary = {};
    std::string description = {};
    std::string tag = {};  ///< where it is listed; the class of its name when empty
    std::vector<ResponseDoc> responses = {};
    /// What errors look like as JSON; as the router's error renderer writes them when null.
    reflect::TypeInfo::Ref error_body = nullptr;
    bool bearer = false;  ///< wants a token
    bool hidden = false;  ///< is not described
};

/// How a route differs from the usual.
struct RouteOptions {
    /// For `/actuator/mappings`, operation ids and logs: `UserController#getUser(string)`.
    std::string name = {};
    /// The body stays on the wire; the handler reads it through `Request::body_reader`.
    bool streams_body = false;
    std::optional<std::size_t> body_limit = std::nullopt;
    /// Media types of the body and of the answer, when they are not those of the handler's types.
    std::vector<std::string> consumes = {};
    std::vector<std::string> produces = {};
    RouteDoc doc = {};
};

struct WebSocketOptions {
    WebSocketConfig config = {};
    std::vector<std::string> protocols = {};  ///< subprotocols that are spoken
    /// Sites whose pages may connect; all when empty. A browser sends cookies with the handshake whatever
    /// page it is on.
    std::vector<std::string> origins = {};
    RouteOptions route = {};
};

/// One method and path template with its handler. Immutable once in the router; its address is its identity.
class Route {
public:
    /// Position in `Router::routes()`: small numbers for tables.
    std::size_t id = 0;
    Method method = Method::get;
    std::string method_text;
    std::string pattern;  ///< `/users/{id}`, `/files/{*path}`
    RouteOptions options;
    BoundHandler handler;
    std::vector<ParameterInfo> parameters;  ///< what the handler takes, for descriptions
    AnswerInfo answer;                      ///< what it answers
};

/// Answers before the route does (security, CORS): true means that `response` is the answer.
using BeforeFilter = std::function<bool(Request&, Response&)>;
/// Sees each answer before it is sent.
using AfterFilter = std::function<void(const Request&, Response&)>;

/// Filled in main, then only read. A path has at most one route per method; literal segments win over
/// parameters, these over `{*rest}`. HEAD is answered by GET routes, OPTIONS by the router itself unless
/// there is a route for it.
class Router final : public Handler {
public:
    explicit Router(ErrorRenderer errors = ErrorRenderer());
    ~Router() override;
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    template <class F>
    Router& get(std::string_view pattern, F handler, RouteOptions options = {}) {
        return add(Method::get, pattern, bind_handler(std::move(handler)), std::move(options));
    }

    template <class F>
    Router& post(std::string_view pattern, F handler, RouteOptions options = {}) {
        return add(Method::post, pattern, bind_handler(std::move(handler)), std::move(options));
    }

    template <class F>
    Router& put(std::string_view pattern, F handler, RouteOptions options = {}) {
        return add(Method::put, pattern, bind_handler(std::move(handler)), std::move(options));
    }

    template <class F>
    Router& patch(std::string_view pattern, F handler, RouteOptions options = {}) {
        return add(Method::patch, pattern, bind_handler(std::move(handler)), std::move(options));
    }

    template <class F>
    Router& del(std::string_view pattern, F handler, RouteOptions options = {}) {
        return add(Method::delete_, pattern, bind_handler(std::move(handler)), std::move(options));
    }

    template <class F>
    Router& route(Method method, std::string_view pattern, F handler, RouteOptions options = {}) {
        return add(method, pattern, bind_handler(std::move(handler)), std::move(options));
    }

    /// `serve` is a coroutine over the open socket: `Task<>(WebSocket&)`.
    Router& websocket(
        std::string_view pattern, std::function<Task<>(WebSocket&)> serve, WebSocketOptions options = {}
    );

    /// Filters run in the order of their registration, for every path with that prefix.
    Router& before(std::string_view prefix, BeforeFilter filter);
    Router& after(std::string_view prefix, AfterFilter filter);

    /// Asked for every path that no route has, in place of the 404: a gateway behind the own endpoints. It
    /// outlives the router.
    Router& otherwise(Handler& handler) noexcept {
        otherwise_ = &handler;
        return *this;
    }

    /// A pattern that is malformed, or a route that exists, is a bug in main: it throws
    /// std::invalid_argument, or `tell` hears of it.
    Router& add(Method method, std::string_view pattern, Binding binding, RouteOptions options);

    /// From now on wrong routes are told and left out. A service says at its start what is wrong, and ends.
    void on_mistake(std::function<void(const Error&)> tell) { on_mistake_ = std::move(tell); }

    [[nodiscard]] const std::vector<std::unique_ptr<Route>>& routes() const noexcept { return routes_; }

    [[nodiscard]] const ErrorRenderer& errors() const noexcept { return errors_; }

    /// Whether a route would answer a request for another, decoded path; it is noted in the request then, and
    /// `handle` answers with it: what a forward within the process is.
    bool reroute(Request& request, std::string path) const;

    /// Chooses the route and notes it, with its path parameters, in the request.
    void prepare(Request& request) override;
    Pending handle(Request& request, Response& response) override;
    [[nodiscard]] bool streams_body(const Request& request) const override;
    [[nodiscard]] std::optional<std::size_t> body_limit(const Request& request) const override;

private:
    struct Node;

    struct Filter {
        std::string prefix;
        BeforeFilter before;
        AfterFilter after;
    };

    Result<void> try_add(Method method, std::string_view pattern, Binding& binding, RouteOptions& options);
    const Node* find(std::string_view path, Request& request) const;
    void choose(Request& request) const;
    void answer_without_route(const Request& request, Response& response) const;
    [[nodiscard]] std::string allowed_methods(const Node& node) const;
    void apply_after(const Request& request, Response& response) const;

    ErrorRenderer errors_;
    std::unique_ptr<Node> root_;
    std::vector<std::unique_ptr<Route>> routes_;
    std::vector<Filter> filters_;
    Handler* otherwise_ = nullptr;
    std::function<void(const Error&)> on_mistake_;
};

}  // namespace flotilla::http
