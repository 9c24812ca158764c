#pragma once
/// Any bytes as a form with parts: the outcome does not depend on how they are split.

#include <cstdlib>
#include <string>

#include "flotilla/http/multipart.hpp"

namespace flotilla::http::testing {

inline std::string multipart_outcome(std::string_view input, std::size_t step) {
    using Kind = MultipartParser::Kind;
    MultipartParser parser("B", {.parts = 10, .part_header = 500, .name = 50});
    std::string outcome;
    for (std::size_t at = 0; at < input.size(); at += step) {
        const std::string piece(input.substr(at, step));
        std::string_view rest = piece;
        while (true) {
            const auto next = parser.next(rest);
            rest.remove_prefix(next.consumed);
            if (next.kind == Kind::need_more) break;
            if (next.kind == Kind::part) outcome += "[" + parser.part().name + "]";
            outcome.append(next.data);
            if (next.kind == Kind::part_end) outcome += "[end]";
            if (next.kind == Kind::done) return outcome + "[done]";
            if (next.kind == Kind::rejected) return outcome + std::string(parser.reject().why);
        }
    }
    return outcome + "[more]";
}

inline void read_multipart(std::string_view input) {
    static_cast<void>(multipart_boundary(input));
    if (input.empty()) return;
    const std::size_t step = 1u + static_cast<unsigned char>(input[0]) % 32u;
    input.remove_prefix(1);
    const std::string slow = multipart_outcome(input, step);
    const std::string whole = multipart_outcome(input, input.size() + 1);
    // A body that is cut off may have more or less of its last data held back.
    if (whole.ends_with("[more]") != slow.ends_with("[more]")) std::abort();
    if (!whole.ends_with("[more]") && whole != slow) std::abort();
    static_cast<void>(parse_multipart(input, "B"));
}

}  // namespace flotilla::http::testing
