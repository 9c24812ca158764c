#include "flotilla/http/router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include "flotilla/base/url_text.hpp"
#include "flotilla/http/path.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/http/websocket_handshake.hpp"

namespace flotilla::http {

namespace {

constexpr std::size_t method_count = static_cast<std::size_t>(Method::other) + 1;

/// `{name}`, `{*name}` or a literal.
struct Segment {
    enum class Kind { literal, parameter, rest } kind = Kind::literal;
    std::string_view text;
};

Result<Segment> parse_segment(std::string_view text) {
    Segment segment{Segment::Kind::literal, text};
    if (text.starts_with('{') && text.ends_with('}')) {
        segment.kind = text.starts_with("{*") ? Segment::Kind::rest : Segment::Kind::parameter;
        segment.text = text.substr(segment.kind == Segment::Kind::rest ? 2 : 1);
        segment.text.remove_suffix(1);
        if (segment.text.empty()) return fail(Errc::invalid_argument, "a parameter needs a name");
    } else if (text.find_first_of("{}") != std::string_view::npos) {
        return fail(Errc::invalid_argument, "a parameter is a whole segment: /users/{id}");
    }
    return segment;
}

Result<std::vector<Segment>> parse_pattern(std::string_view pattern) {
    if (!pattern.starts_with('/')) return fail(Errc::invalid_argument, "a pattern begins with a slash");
    std::vector<std::string_view> texts;
    for_each_segment(pattern, [&texts](std::string_view text) { texts.push_back(text); });
    std::vector<Segment> segments;
    std::size_t parameters = 0;
    for (const std::string_view text : texts) {
        if (!segments.empty() && segments.back().kind == Segment::Kind::rest)
            return fail(Errc::invalid_argument, "nothing may follow {*name}");
        FLT_TRY(const Segment segment, parse_segment(text));
        if (segment.kind != Segment::Kind::literal && ++parameters > Request::max_path_parameters)
            return fail(Errc::invalid_argument, "more than 8 parameters");
        segments.push_back(segment);
    }
    return segments;
}

bool under(std::string_view path, std::string_view prefix) {
    return prefix.ends_with('/') ? path.starts_with(prefix) : is_at_or_below(path, prefix);
}

}  // namespace

/// One segment of the patterns; the children of a node are the segments that may follow.
struct Router::Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    std::unique_ptr<Node> rest;

    /// Routes that end here, with the names that each gives to its parameters.
    struct End {
        const Route* route = nullptr;
        std::vector<std::string> names;
    };

    std::array<End, method_count> ends{};
    bool has_end = false;
};

Router::Router(ErrorRenderer errors) : errors_(errors), root_(std::make_unique<Node>()) {}

Router::~Router() = default;

Router& Router::before(std::string_view prefix, BeforeFilter filter) {
    filters_.push_back({std::string(prefix), std::move(filter), nullptr});
    return *this;
}

Router& Router::after(std::string_view prefix, AfterFilter filter) {
    filters_.push_back({std::string(prefix), nullptr, std::move(filter)});
    return *this;
}

Router& Router::add(Method method, std::string_view pattern, Binding binding, RouteOptions options) {
    if (const auto added = try_add(method, pattern, binding, options); !added) {
        const Error mistake = added.error().within(fmt::format("route '{} {}'", to_text(method), pattern));
        if (!on_mistake_) throw std::invalid_argument(mistake.message());
        on_mistake_(mistake);
    }
    return *this;
}

Result<void> Router::try_add(
    Method method, std::string_view pattern, Binding& binding, RouteOptions& options
) {
    std::vector<std::string> names;
    Node* node = root_.get();
    FLT_TRY(const auto segments, parse_pattern(pattern));
    for (const auto& segment : segments) {
        std::unique_ptr<Node>* next = nullptr;
        switch (segment.kind) {
            case Segment::Kind::literal:
                next = &node->literals[std::string(segment.text)];
                break;
            case Segment::Kind::parameter:
                next = &node->parameter;
                break;
            case Segment::Kind::rest:
                next = &node->rest;
                break;
        }
        if (segment.kind != Segment::Kind::literal) names.emplace_back(segment.text);
        if (!*next) *next = std::make_unique<Node>();
        node = next->get();
    }
    for (const auto& parameter : binding.parameters) {
        if (parameter.place == ParameterPlace::path &&
            std::ranges::find(names, parameter.name) == names.end())
            return fail(
                Errc::invalid_argument,
                fmt::format("the handler takes Path<\"{}\">, which the pattern does not have", parameter.name)
            );
    }
    Node::End& end = node->ends[static_cast<std::size_t>(method)];
    if (end.route) return fail(Errc::conflict, "there is one already");

    auto route = std::make_unique<Route>();
    route->id = routes_.size();
    route->method = method;
    route->method_text = to_text(method);
    route->pattern = pattern;
    if (binding.consumes_json && options.consumes.empty()) options.consumes.emplace_back(detail::json_type);
    if (binding.produces_json && options.produces.empty()) options.produces.emplace_back(detail::json_type);
    route->options = std::move(options);
    route->handler = std::move(binding.handler);
    route->parameters = std::move(binding.parameters);
    route->answer = binding.answer;
    end = {route.get(), std::move(names)};
    node->has_end = true;
    routes_.push_back(std::move(route));
    return {};
}

Router& Router::websocket(
    std::string_view pattern, std::function<Task<>(WebSocket&)> serve, WebSocketOptions options
) {
    auto upgrade = [this, serve = std::move(serve), options](Request& request) {
        Response response;
        const auto refuse = [&](Status status, std::string message) {
            errors_.render(request, {.status = status, .message = std::move(message)}, response);
            return std::move(response);
        };
        if (!request.head().upgrade_websocket) {
            response.set("Upgrade", "websocket");
            return refuse(Status::upgrade_required, "This is a WebSocket: ask for an upgrade.");
        }
        const std::string_view origin = request.header(KnownField::origin);
        if (!options.origins.empty() && std::ranges::find(options.origins, origin) == options.origins.end())
            return refuse(Status::forbidden, fmt::format("Pages of '{}' may not connect.", origin));
        std::string protocol;
        if (const auto offer = check_websocket_request(request.head())) {
            const std::vector<std::string_view> spoken(options.protocols.begin(), options.protocols.end());
            protocol = choose_subprotocol(offer->protocols, spoken);
        }
        response.body() = WebSocketUpgrade{serve, std::move(protocol), options.config};
        return response;
    };
    return get(pattern, std::move(upgrade), options.route);
}

const Router::Node* Router::find(std::string_view path, Request& request) const {
    // Depth first, literals before parameters; patterns are few segments long, so backtracking is bounded.
    struct Search {
        static const Node* descend(const Node& node, std::string_view rest, Request& found) {
            const std::size_t slash = rest.find('/');
            const std::string_view segment = rest.substr(0, slash);
            const bool last = slash == std::string_view::npos;
            const std::string_view after = last ? std::string_view() : rest.substr(slash + 1);
            const auto next = [&](const Node& child) -> const Node* {
                if (last) return child.has_end ? &child : nullptr;
                return descend(child, after, found);
            };
            if (const auto literal = node.literals.find(segment); literal != node.literals.end())
                if (const Node* end = next(*literal->second)) return end;
            if (node.parameter && !segment.empty()) {
                const std::size_t mark = found.parameter_count_;
                found.parameters_[found.parameter_count_++].value = segment;
                if (const Node* end = next(*node.parameter)) return end;
                found.parameter_count_ = mark;
            }
            if (node.rest) {
                found.parameters_[found.parameter_count_++].value = rest;
                return node.rest.get();
            }
            return nullptr;
        }
    };

    if (!path.starts_with('/')) return nullptr;
    return Search::descend(*root_, path.substr(1), request);
}

void Router::prepare(Request& request) {
    choose(request);
    if (!otherwise_ || request.route_) return;
    const bool known = request.path_known_;
    otherwise_->prepare(request);
    request.path_known_ = known;
}

bool Router::reroute(Request& request, std::string path) const {
    request.decoded_path_ = std::move(path);
    request.path_ = request.decoded_path_;
    choose(request);
    return request.route_ != nullptr;
}

void Router::choose(Request& request) const {
    request.parameter_count_ = 0;
    request.route_ = nullptr;
    const Node* node = find(request.path(), request);
    request.path_known_ = node != nullptr;
    if (!node) return;
    const Method method = request.method();
    const Node::End* end = &node->ends[static_cast<std::size_t>(method)];
    if (!end->route && method == Method::head) end = &node->ends[static_cast<std::size_t>(Method::get)];
    if (!end->route) return;
    for (std::size_t i = 0; i < request.parameter_count_; ++i) request.parameters_[i].name = end->names[i];
    request.route_ = end->route;
}

bool Router::streams_body(const Request& request) const {
    return !request.route() || request.route()->options.streams_body;
}

std::optional<std::size_t> Router::body_limit(const Request& request) const {
    if (request.route()) return request.route()->options.body_limit;
    return otherwise_ ? otherwise_->body_limit(request) : std::nullopt;
}

std::string Router::allowed_methods(const Node& node) const {
    std::string allow;
    const auto add = [&](std::string_view method) {
        if (!allow.empty()) allow += ", ";
        allow += method;
    };
    for (std::size_t i = 0; i < method_count; ++i) {
        if (!node.ends[i].route) continue;
        add(node.ends[i].route->method_text);
        if (static_cast<Method>(i) == Method::get && !node.ends[static_cast<std::size_t>(Method::head)].route)
            add("HEAD");
    }
    return allow;
}

void Router::answer_without_route(const Request& request, Response& response) const {
    Request probe = request;
    const Node* node = find(request.path(), probe);
    if (!node) {
        if (request.head().form == TargetForm::asterisk) {
            response.set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
            return;
        }
        errors_.render(
            request,
            {.status = Status::not_found,
             .message = fmt::format("No static resource {}.", request.path().substr(1))},
            response
        );
        return;
    }
    std::string allow = allowed_methods(*node);
    if (request.method() == Method::options) {
        response.set("Allow", allow + ", OPTIONS");
        return;
    }
    response.set("Allow", allow);
    const bool unknown = request.method() == Method::other;
    errors_.render(
        request,
        {.status = unknown ? Status::not_implemented : Status::method_not_allowed,
         .message = fmt::format("Method '{}' is not supported.", request.method_text())},
        response
    );
}

void Router::apply_after(const Request& request, Response& response) const {
    for (const auto& filter : filters_)
        if (filter.after && under(request.path(), filter.prefix)) filter.after(request, response);
}

Pending Router::handle(Request& request, Response& response) {
    for (const auto& filter : filters_) {
        if (filter.before && under(request.path(), filter.prefix) && filter.before(request, response)) {
            apply_after(request, response);
            return std::nullopt;
        }
    }
    if (!request.route()) {
        const bool has_path = request.head().form != TargetForm::asterisk;
        if (otherwise_ && has_path && !request.path_known_) return otherwise_->handle(request, response);
        answer_without_route(request, response);
        apply_after(request, response);
        return std::nullopt;
    }
    Pending pending = request.route()->handler(request, response, errors_);
    const bool filtered = std::ranges::any_of(filters_, [&](const Filter& filter) {
        return filter.after && under(request.path(), filter.prefix);
    });
    if (!filtered) return pending;
    if (!pending) {
        apply_after(request, response);
        return std::nullopt;
    }

    struct Then {
        static Task<> run(const Router& router, Task<> task, Request& about, Response& answer) {
            co_await std::move(task);
            router.apply_after(about, answer);
        }
    };

    return Then::run(*this, *std::move(pending), request, response);
}

}  // namespace flotilla::http
