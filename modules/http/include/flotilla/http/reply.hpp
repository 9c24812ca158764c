#pragma once
/// An answer with a status and fields of the handler's choice that still tells the type of its body, which
/// descriptions of the API need.
///
///     Task<Reply<User>> add(Request& request, NewUser in) {
///         if (taken(in)) co_return conflict(request);  // a Response goes as it is
///         Reply<User> reply(Status::created, user);
///         reply.set("ETag", tag_of(user));
///         co_return reply;
///     }

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include "flotilla/http/response.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::http {

/// Good answers carry a T, as JSON (text, when T is std::string); its type is all that this adds to a
/// Response. Unlike with a plain T the client's `Accept` is the handler's business.
template <class T>
class Reply : public Response {
public:
    using value_type = T;

    explicit Reply(Status status, const T& value) : Response(status) {
        if constexpr (std::same_as<T, std::string>) {
            set_body("text/plain;charset=UTF-8", value);
        } else {
            reflect::append_json(text_body("application/json"), value);
        }
    }

    /// For everything that is no T: an error, 304, the same in another format.
    Reply(Response other) : Response(std::move(other)) {}  // NOLINT(google-explicit-constructor)
};

}  // namespace flotilla::http
