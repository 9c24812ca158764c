#include "web_operation.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::actuator::detail {

namespace {

using http::ErrorDetails;
using http::Status;

constexpr std::array own_types{json_v3, json_v2, json_plain};
constexpr std::size_t worth_compressing = 1024;

std::string accept_list(const std::vector<std::string>& types) {
    return fmt::format("{}", fmt::join(types, ", "));
}

bool is_own_type(std::string_view content_type) {
    const auto media = http::MediaType::parse(content_type);
    return media && (media->is("application", "json") || media->is("application", json_v3.substr(12)) ||
                     media->is("application", json_v2.substr(12)));
}

/// Of somebody on this machine. What a proxy has passed on comes from elsewhere, wherever the proxy runs.
bool is_local(const http::Request& request) {
    return request.peer().is_loopback() && request.header("X-Forwarded-For").empty() &&
           request.header("Forwarded").empty();
}

bool takes_gzip(const http::Request& request) {
    return http::best_content_coding(request.fields()) == http::ContentCoding::gzip;
}

}  // namespace

WebOperation::WebOperation(std::shared_ptr<const WebContext> context, Operation operation, Options options)
    : context_(std::move(context)), operation_(std::move(operation)), options_(options) {}

http::Method WebOperation::method() const {
    switch (operation_.verb) {
        case Verb::read:
            return http::Method::get;
        case Verb::write:
            return http::Method::post;
        case Verb::remove:
            return http::Method::delete_;
    }
    return http::Method::get;
}

std::vector<std::string> WebOperation::produces() const {
    std::vector<std::string> types;
    if (!operation_.negotiates) types.assign(own_types.begin(), own_types.end());
    types.insert(types.end(), operation_.also_produces.begin(), operation_.also_produces.end());
    return types;
}

std::vector<std::string> WebOperation::consumes() const {
    return operation_.takes_body || operation_.takes_array
               ? std::vector<std::string>(own_types.begin(), own_types.end())
               : std::vector<std::string>();
}

http::Pending WebOperation::handle(
    http::Request& request, http::Response& response, const http::ErrorRenderer& errors
) const {
    const Exchange exchange{request, response, errors};
    if (!context_->authorizer) {
        if (!options_.local || is_local(request)) return proceed(exchange, std::nullopt);
        refuse(
            exchange, Status::forbidden, "From another machine this needs a user: spring.security.user.name"
        );
        return std::nullopt;
    }
    // What is open to all is looked at more closely only for somebody who says who he is.
    if (options_.open && !request.fields().contains(http::KnownField::authorization))
        return proceed(exchange, std::nullopt);
    return authenticate(shared_from_this(), exchange);
}

Task<> WebOperation::authenticate(std::shared_ptr<const WebOperation> self, Exchange exchange) {
    auto caller = co_await self->context_->authorizer->authenticate(exchange.request);
    if (!self->options_.open && !caller) {
        exchange.response.set("WWW-Authenticate", self->context_->authorizer->challenge());
        self->refuse(exchange, Status::unauthorized, "Unauthorized");
        co_return;
    }
    if (!self->options_.open && !caller->has(endpoint_admin)) {
        self->refuse(exchange, Status::forbidden, "Forbidden");
        co_return;
    }
    if (caller) exchange.request.principal = caller->name;
    http::Pending pending = self->proceed(exchange, std::move(caller));
    if (pending) co_await std::move(*pending);
}

http::Pending WebOperation::proceed(Exchange exchange, std::optional<Caller> caller) const {
    auto call = std::make_shared<Call>();
    call->caller = std::move(caller);
    for (const auto& parameter : exchange.request.path_parameters())
        call->selectors.emplace(parameter.name, parameter.value);
    for (const auto& pair : http::UrlEncoded(exchange.request.query()))
        call->query.emplace_back(pair.name(), pair.value());
    call->range = exchange.request.header(http::KnownField::range);
    call->url = exchange.request.base_url();
    call->url += exchange.request.raw_path();

    Complaint complaint = negotiate(exchange, *call);
    if (!complaint) complaint = read_body(exchange, *call);
    if (complaint) {
        exchange.errors.render(exchange.request, *complaint, exchange.response);
        return std::nullopt;
    }
    if (auto known = remembered(*call)) {
        finish(exchange, std::move(*known));
        return std::nullopt;
    }
    const bool waits =
        operation_.place == Place::pool || std::holds_alternative<Operation::Coroutine>(operation_.run);
    if (waits) return run_slowly(shared_from_this(), exchange, std::move(call));
    Answer answer = run(*call);
    remember(*call, answer);
    finish(exchange, std::move(answer));
    return std::nullopt;
}

Task<> WebOperation::run_slowly(
    std::shared_ptr<const WebOperation> self, Exchange exchange, std::shared_ptr<const Call> call
) {
    Answer answer;
    if (const auto* coroutine = std::get_if<Operation::Coroutine>(&self->operation_.run)) {
        answer = co_await (*coroutine)(*call);
    } else {
        // The job owns what it uses: it runs to its end after a client has gone.
        auto job = [self, call, gzip = self->operation_.compress && takes_gzip(exchange.request)] {
            Answer made = self->run(*call);
            self->compress(made, gzip);
            return made;
        };
        Result<Answer> made = co_await self->context_->runtime.blocking(std::move(job));
        if (!made) {
            self->refuse(exchange, Status::service_unavailable, made.error().message());
            co_return;
        }
        answer = std::move(*made);
    }
    self->remember(*call, answer);
    self->finish(exchange, std::move(answer));
}

WebOperation::Complaint WebOperation::negotiate(Exchange& exchange, Call& call) const {
    for (const auto& field : exchange.request.fields()) {
        if (!iequals(field.name, "Accept")) continue;
        if (!call.accept.empty()) call.accept += ", ";
        call.accept += field.value;
    }
    if (operation_.negotiates) return std::nullopt;
    const std::vector<std::string> types = produces();
    const std::vector<std::string_view> offers(types.begin(), types.end());
    const auto best = http::best_media_type(replace_all(call.accept, "*+json", "*"), offers);
    if (!best) {
        exchange.response.set("Accept", accept_list(types));
        return ErrorDetails{
            .status = Status::not_acceptable,
            .message = fmt::format("Acceptable representations: [{}].", accept_list(types))
        };
    }
    if (*best < own_types.size()) exchange.content_type = own_types[*best];
    call.version = *best == 1 ? ApiVersion::v2 : ApiVersion::v3;
    return std::nullopt;
}

WebOperation::Complaint WebOperation::read_body(Exchange& exchange, Call& call) const {
    call.body = Json::object();
    if (operation_.verb == Verb::read) return std::nullopt;
    const std::string_view type = exchange.request.header(http::KnownField::content_type);
    const std::string_view body = exchange.request.body();
    const bool needed = operation_.takes_body || operation_.takes_array || !type.empty() || !body.empty();
    if (needed && !is_own_type(type)) {
        exchange.response.set("Accept", accept_list({own_types.begin(), own_types.end()}));
        return ErrorDetails{
            .status = Status::unsupported_media_type,
            .message = fmt::format("Content-Type '{}' is not supported.", type)
        };
    }
    if (trim(body).empty()) {
        if (!operation_.takes_array) return std::nullopt;
        return ErrorDetails{.status = Status::bad_request, .message = "Required request body is missing"};
    }
    auto json = reflect::parse_json(body);
    if (!json) {
        return ErrorDetails{
            .status = Status::bad_request, .message = "JSON parse error: " + json.error().message()
        };
    }
    if (json->is_null() && !operation_.takes_array) return std::nullopt;
    if (operation_.takes_array ? !json->is_array() : !json->is_object()) {
        return ErrorDetails{
            .status = Status::bad_request,
            .message =
                fmt::format("JSON parse error: expected an {}", operation_.takes_array ? "array" : "object")
        };
    }
    call.body = std::move(*json);
    return std::nullopt;
}

Answer WebOperation::run(const Call& call) const {
    return std::get<Operation::Function>(operation_.run)(call);
}

void WebOperation::compress(Answer& answer, bool accepted) const {
    auto* text = std::get_if<Answer::Text>(&answer.content);
    if (!operation_.compress || !text) return;
    answer.headers.emplace_back("Vary", "Accept-Encoding");
    if (!accepted || text->text.size() <= worth_compressing) return;
    // Scrapes are many and their texts repeat themselves: speed matters, and level 1 gets most of it.
    text->text = http::gzip(text->text, 1);
    answer.headers.emplace_back("Content-Encoding", "gzip");
}

void WebOperation::refuse(const Exchange& exchange, Status status, std::string message) const {
    exchange.errors.render(
        exchange.request, {.status = status, .message = std::move(message)}, exchange.response
    );
}

void WebOperation::finish(const Exchange& exchange, Answer answer) const {
    http::Response& response = exchange.response;
    for (const auto& [name, value] : answer.headers) response.set(name, value);
    if (answer.error) {
        refuse(exchange, answer.status.value_or(Status::internal_server_error), std::move(*answer.error));
        return;
    }
    const bool has_value = !std::holds_alternative<std::monostate>(answer.content);
    if (answer.status) {
        response.status(*answer.status);
    } else if (!has_value) {
        const bool head = exchange.request.method() == http::Method::head;
        const bool missing =
            operation_.verb == Verb::read && !(head && operation_.head_without_value_is_no_content);
        response.status(missing ? Status::not_found : Status::no_content);
    }
    if (const auto* json = std::get_if<Json>(&answer.content)) {
        append_json(response.text_body(exchange.content_type), *json);
    } else if (auto* text = std::get_if<Answer::JsonText>(&answer.content)) {
        response.set_body(exchange.content_type, std::move(text->text));
    } else if (auto* other = std::get_if<Answer::Text>(&answer.content)) {
        response.set_body(other->content_type, std::move(other->text));
    } else if (auto* stream = std::get_if<Answer::Stream>(&answer.content)) {
        response.stream(stream->content_type, std::move(stream->produce));
    }
}

bool WebOperation::cacheable(const Call& call) const {
    return options_.time_to_live > Duration::zero() && operation_.verb == Verb::read &&
           call.selectors.empty() && call.query.empty() && !call.caller && !operation_.negotiates &&
           operation_.also_produces.empty();
}

std::optional<Answer> WebOperation::remembered(const Call& call) const {
    if (!cacheable(call)) return std::nullopt;
    const std::scoped_lock lock(mutex_);
    if (!remembered_ || remembered_->version != call.version) return std::nullopt;
    if (context_->runtime.clock().now() >= remembered_->until) return std::nullopt;
    return remembered_->answer;
}

void WebOperation::remember(const Call& call, const Answer& answer) const {
    if (!cacheable(call) || answer.error) return;
    const std::scoped_lock lock(mutex_);
    remembered_ = Remembered{context_->runtime.clock().now() + options_.time_to_live, call.version, answer};
}

}  // namespace flotilla::actuator::detail
