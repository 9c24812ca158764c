#pragma once
/// An endpoint as data: its id and its operations, from a call to an answer. No HTTP in here: Actuator puts
/// it behind paths, media types, access rules and errors.
///
///     Endpoint caches{.id = "caches", .operations = {
///         {.run = [&](const Call&) { return Answer::of(caches_json()); }},
///         {.verb = Verb::remove, .path = "/{cache}", .run = [&](const Call& call) { … }}}};
///     actuator.add(std::move(caches));

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "flotilla/actuator/caller.hpp"
#include "flotilla/http/status.hpp"
#include "flotilla/reflect/value.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::http {
class BodyWriter;
}

namespace flotilla::actuator {

using reflect::Json;

enum class Verb { read, write, remove };

/// Of the media types `application/vnd.spring-boot.actuator.v2+json` and `v3`.
enum class ApiVersion { v2, v3 };

/// What is asked, by whom.
struct Call {
    /// `{name}` and `{*rest}` of the operation's path, decoded.
    std::map<std::string, std::string, std::less<>> selectors{};
    /// Decoded query parameters, in order.
    std::vector<std::pair<std::string, std::string>> query{};
    /// Of a write: an object, `{}` when there was no body; an array where the operation takes one.
    Json body{};
    ApiVersion version = ApiVersion::v3;
    std::optional<Caller> caller{};
    /// Header fields, for operations with formats of their own.
    std::string accept{};
    std::string range{};
    /// Of this request, without the query: for links.
    std::string url{};

    [[nodiscard]] const std::string& selector(std::string_view name) const;
    /// The first query parameter of that name.
    [[nodiscard]] const std::string* query_parameter(std::string_view name) const;
    /// A parameter of a write: from the query, else from the body; null when there is none.
    [[nodiscard]] Json parameter(std::string_view name) const;
};

/// What comes back. `none()` is a result of its own: 404 without a body for a read, 204 for a write.
struct Answer {
    struct Text {
        std::string content_type;
        std::string text;
    };

    /// JSON text, for documents that are too long to be built as a value first.
    struct JsonText {
        std::string text;
    };

    /// A body that is written bit by bit, until the function ends or the client goes.
    struct Stream {
        std::string content_type;
        std::function<Task<>(http::BodyWriter&)> produce;
    };

    std::optional<http::Status> status{};
    std::variant<std::monostate, Json, JsonText, Text, Stream> content{};
    /// Of an error, with `status`: the message of the error body.
    std::optional<std::string> error{};
    std::vector<std::pair<std::string, std::string>> headers{};

    static Answer of(Json json, http::Status status = http::Status::ok);
    static Answer json_text(std::string text);
    static Answer text(std::string content_type, std::string text);
    static Answer stream(std::string content_type, std::function<Task<>(http::BodyWriter&)> produce);
    static Answer none();
    static Answer empty(http::Status status);
    static Answer failure(http::Status status, std::string message);
    static Answer bad_request(std::string message);
};

enum class Access { none, read_only, unrestricted };

/// Where an operation that does not wait is run: the pool is for what takes more than a few hundred
/// microseconds.
enum class Place { loop, pool };

struct Operation {
    using Function = std::function<Answer(const Call&)>;
    using Coroutine = std::function<Task<Answer>(const Call&)>;

    Verb verb = Verb::read;
    /// Below the endpoint's: `/{name}`, `/{*path}`; empty for the endpoint itself.
    std::string path{};
    std::variant<Function, Coroutine> run{};
    Place place = Place::loop;
    /// A write with parameters must have a body of a JSON type.
    bool takes_body = false;
    /// That body is an array, and there has to be one.
    bool takes_array = false;
    /// Media types besides the JSON of the actuator. The operation chooses among all of them by
    /// `Call::accept`.
    std::vector<std::string> also_produces{};
    /// It answers in formats of its own alone, and looks at `Call::accept` by itself.
    bool negotiates = false;
    /// Long texts are sent as gzip to whoever takes it.
    bool compress = false;
    /// A read without an answer is 204 for HEAD, not 404: an oddity of some endpoints that clients know.
    bool head_without_value_is_no_content = false;
};

struct Endpoint {
    std::string id{};
    /// What holds unless configuration says otherwise.
    std::optional<Access> default_access{};
    /// Anybody may read it, with security on too.
    bool open = false;
    /// Where nobody is asked who he is, its writes are for callers on this machine alone.
    bool writes_are_local = false;
    std::vector<Operation> operations{};
};

/// `http-exchanges` and `httpExchanges` are both `httpexchanges`.
std::string uniform_endpoint_id(std::string_view id);

}  // namespace flotilla::actuator
