#pragma once
/// What the shop says when it says no: a status, a word for programs (`INSUFFICIENT_STOCK`), a sentence for
/// people and whatever else belongs to it. Written in the course's form, or as RFC 9457 for who asks so.
///
///     return refuse(Problem(Status::conflict, "INSUFFICIENT_STOCK").member("available", 3));

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/http/status.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::shop {

/// One field of a body that breaks a rule.
struct FieldProblem {
    std::string field;
    std::string message;

    friend bool operator==(const FieldProblem&, const FieldProblem&) = default;
};

FLT_DESCRIBE(FieldProblem, field, message)

/// The body in the form of the course, as descriptions of the API tell it; some problems have further
/// members.
struct ProblemBody {
    WallTime timestamp{};
    int status = 0;
    std::string error;
    std::optional<std::string> message;
    std::string path;
    std::optional<std::string> code;  ///< left out where the server itself refuses
    std::optional<std::vector<FieldProblem>> errors;
    std::optional<std::string> trace_id;
};

FLT_DESCRIBE(ProblemBody, timestamp, status, error, message, path, code, errors, trace_id)

/// A value: services return it, handlers write it.
class Problem {
public:
    explicit Problem(http::Status status, std::string code, std::string message = {})
        : status_(status), code_(std::move(code)), message_(std::move(message)) {}

    /// 400 with every field that is wrong.
    static Problem invalid(std::vector<FieldProblem> errors);

    /// 503 with `Retry-After`: not now.
    static Problem unavailable(std::string code, std::string message, std::chrono::seconds retry_after);

    /// Of a database: 503 when it cannot be reached or is busy, 500 for the rest. The reason stays in the
    /// log.
    static Problem of_database(const Error& error);

    /// One more member of the body.
    Problem& member(std::string name, reflect::Json value) & {
        members_.push_back({std::move(name), std::move(value)});
        return *this;
    }

    Problem&& member(std::string name, reflect::Json value) && {
        return std::move(member(std::move(name), std::move(value)));
    }

    Problem& header(std::string name, std::string value) & {
        headers_.emplace_back(std::move(name), std::move(value));
        return *this;
    }

    Problem&& header(std::string name, std::string value) && {
        return std::move(header(std::move(name), std::move(value)));
    }

    [[nodiscard]] http::Status status() const noexcept { return status_; }

    [[nodiscard]] const std::string& code() const noexcept { return code_; }

    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    [[nodiscard]] const std::vector<FieldProblem>& errors() const noexcept { return errors_; }

    [[nodiscard]] const reflect::Json::Object& members() const noexcept { return members_; }

    /// In the form of the course.
    [[nodiscard]] reflect::Json body(std::string_view path, WallTime now) const;

    /// As an answer to that request.
    [[nodiscard]] http::Response answer(const http::Request& request, WallTime now) const;

private:
    [[nodiscard]] reflect::Json rfc9457(std::string_view path) const;
    void add_rest(reflect::Json& body) const;

    http::Status status_;
    std::string code_;
    std::string message_;
    std::vector<FieldProblem> errors_;
    reflect::Json::Object members_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

template <class T>
using Outcome = std::expected<T, Problem>;

inline std::unexpected<Problem> refuse(Problem problem) {
    return std::unexpected(std::move(problem));
}

inline std::unexpected<Problem> refuse(http::Status status, std::string code, std::string message = {}) {
    return refuse(Problem(status, std::move(code), std::move(message)));
}

}  // namespace flotilla::shop
