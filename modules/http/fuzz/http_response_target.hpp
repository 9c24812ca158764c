#pragma once
/// Any bytes as a response: the outcome does not depend on how they are split.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "flotilla/http/chunked.hpp"
#include "flotilla/http/response_parser.hpp"

namespace flotilla::http::testing {

struct ResponseOutcome {
    Progress progress = Progress::need_more;
    Reject reject;
    std::size_t consumed = 0;
    int status = 0;
    std::size_t fields = 0;
    BodyFraming framing = BodyFraming::none;

    friend bool operator==(const ResponseOutcome&, const ResponseOutcome&) = default;
};

inline ResponseOutcome response_outcome(std::string_view input, std::size_t at, Method method) {
    ResponseParser parser;
    parser.reset(method);
    ResponseOutcome outcome;
    std::unique_ptr<std::string> buffer;
    for (const std::size_t size : {at, input.size()}) {
        buffer = std::make_unique<std::string>(input.substr(0, size));
        outcome.progress = parser.parse(*buffer);
        if (outcome.progress != Progress::need_more) break;
    }
    if (outcome.progress == Progress::rejected) outcome.reject = parser.reject();
    if (outcome.progress != Progress::done) return outcome;
    outcome.consumed = parser.consumed();
    outcome.status = parser.head().status;
    outcome.fields = parser.head().fields.size();
    outcome.framing = parser.head().framing;
    if (outcome.framing != BodyFraming::chunked) return outcome;
    ChunkedDecoder decoder;
    std::string_view body = input.substr(outcome.consumed);
    while (true) {
        const auto step = decoder.next(body);
        body.remove_prefix(step.consumed);
        if (step.state != ChunkedDecoder::State::data) return outcome;
        if (step.body.empty()) std::abort();
    }
}

inline void read_response(std::string_view input) {
    if (input.size() < 2) return;
    const auto at = static_cast<unsigned char>(input[0]) * (input.size() - 2) / 255;
    const Method method = input[1] == 'H' ? Method::head : Method::get;
    input.remove_prefix(2);
    if (response_outcome(input, at, method) != response_outcome(input, input.size(), method)) std::abort();
}

}  // namespace flotilla::http::testing
