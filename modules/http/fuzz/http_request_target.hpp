#pragma once
/// Any bytes as a request: the outcome does not depend on how they are split, and what is accepted can be
/// written again.

#include <cstdlib>

#include "../tests/message_driver.hpp"
#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/path.hpp"

namespace flotilla::http::testing {

inline void read_request(std::string_view input) {
    if (input.empty()) return;
    const auto at = static_cast<unsigned char>(input[0]) * (input.size() - 1) / 255;
    input.remove_prefix(1);

    MessageDriver whole;
    whole.feed(input);
    if (outcome_of({input.substr(0, at), input.substr(at)}) != whole.outcome()) std::abort();
    if (whole.outcome().progress != Progress::done) return;

    const RequestHead& head = whole.head();
    if (head.form != TargetForm::asterisk && !resolve_path(head.path)) std::abort();
    std::string text;
    if (!append_request_line(text, head.method_text, head.target)) std::abort();
    for (const Field& field : head.fields) {
        if (!append_field(text, field.name, field.value)) std::abort();
    }
    append_head_end(text);
    RequestParser again;
    if (again.parse(text) != Progress::done && head.minor_version == 1) std::abort();
    if (head.minor_version == 1 && again.head().fields.size() != head.fields.size()) std::abort();
}

}  // namespace flotilla::http::testing
