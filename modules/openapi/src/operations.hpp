#pragma once
// One route as an operation of the description.

#include <set>
#include <string>

#include "flotilla/http/router.hpp"
#include "schemas.hpp"

namespace flotilla::openapi {

class Operations {
public:
    Operations(Schemas& schemas, bool problem_details)
        : schemas_(schemas), problem_details_(problem_details) {}

    reflect::Json operation_of(const http::Route& route);

    /// An operation asked for a token.
    [[nodiscard]] bool bearer_seen() const noexcept { return bearer_seen_; }

private:
    std::string id_of(const http::Route& route);
    reflect::Json parameters_of(const http::Route& route);
    reflect::Json body_of(const http::Route& route);
    reflect::Json responses_of(const http::Route& route);
    void add_answer(const http::Route& route, reflect::Json& responses);
    reflect::Json answer_content(const http::Route& route);
    reflect::Json error_content(const http::RouteDoc& doc);

    Schemas& schemas_;
    bool problem_details_;
    bool bearer_seen_ = false;
    std::set<std::string> ids_;
};

/// `/files/{*rest}` as `/files/{rest}`.
std::string template_of(std::string_view pattern);

}  // namespace flotilla::openapi
