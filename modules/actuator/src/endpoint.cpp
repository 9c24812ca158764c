#include "flotilla/actuator/endpoint.hpp"

#include "flotilla/base/text.hpp"

namespace flotilla::actuator {

const std::string& Call::selector(std::string_view name) const {
    static const std::string nothing;
    const auto found = selectors.find(name);
    return found == selectors.end() ? nothing : found->second;
}

const std::string* Call::query_parameter(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return &value;
    return nullptr;
}

Json Call::parameter(std::string_view name) const {
    if (const std::string* value = query_parameter(name)) return *value;
    const Json* member = body.find(name);
    return member ? *member : Json();
}

Answer Answer::of(Json json, http::Status status) {
    Answer answer;
    answer.status = status;
    answer.content = std::move(json);
    return answer;
}

Answer Answer::json_text(std::string text) {
    Answer answer;
    answer.content = JsonText{std::move(text)};
    return answer;
}

Answer Answer::text(std::string content_type, std::string text) {
    Answer answer;
    answer.content = Text{std::move(content_type), std::move(text)};
    return answer;
}

Answer Answer::stream(std::string content_type, std::function<Task<>(http::BodyWriter&)> produce) {
    Answer answer;
    answer.content = Stream{std::move(content_type), std::move(produce)};
    return answer;
}

Answer Answer::none() {
    return {};
}

Answer Answer::empty(http::Status status) {
    Answer answer;
    answer.status = status;
    return answer;
}

Answer Answer::failure(http::Status status, std::string message) {
    Answer answer;
    answer.status = status;
    answer.error = std::move(message);
    return answer;
}

Answer Answer::bad_request(std::string message) {
    return failure(http::Status::bad_request, std::move(message));
}

std::string uniform_endpoint_id(std::string_view id) {
    std::string uniform;
    for (const char c : id)
        if (c != '-' && c != '.') uniform += ascii_lower(c);
    return uniform;
}

}  // namespace flotilla::actuator
