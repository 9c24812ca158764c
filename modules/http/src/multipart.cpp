#include "flotilla/http/multipart.hpp"

#include <algorithm>

#include "field_block.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/negotiation.hpp"
#include "quoted.hpp"

namespace flotilla::http {

using namespace detail;

namespace {

constexpr Reject bad_delimiter{400, "RFC7578", "malformed multipart delimiter"};
constexpr Reject bad_part_header{400, "RFC7578", "malformed header of a part"};
constexpr Reject no_name{400, "RFC7578", "part without a form-data name"};
constexpr Reject name_too_long{400, "RFC7578", "name of a part or file over the limit"};
constexpr Reject too_many_parts{413, "RFC7578", "too many parts"};

// Browsers write a quote as `%22` and leave backslashes of a file name alone; older ones write `\"`.
std::string form_unquote(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
    text = text.substr(1, text.size() - 2);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '"') ++i;
        if (text.substr(i).starts_with("%22")) {
            out.push_back('"');
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
    const auto media = MediaType::parse(content_type);
    if (!media || !media->is("multipart", "form-data")) return std::nullopt;
    auto boundary = media->parameter("boundary");
    constexpr std::string_view marks = "'()+_,-./:=? ";  // RFC 2046, 5.1.1
    const bool valid =
        boundary && !boundary->empty() && boundary->size() <= 70 && boundary->back() != ' ' &&
        std::ranges::all_of(*boundary, [&](char c) {
            return is_ascii_alpha(c) || is_ascii_digit(c) || marks.find(c) != std::string_view::npos;
        });
    return valid ? boundary : std::nullopt;
}

MultipartParser::MultipartParser(std::string_view boundary, Limits limits)
    : limits_(limits), delimiter_("\r\n--" + std::string(boundary)) {}

MultipartParser::Step MultipartParser::next(std::string_view input) {
    std::size_t at = 0;
    while (true) {
        if (phase_ == Phase::done) return {Kind::done, input.size()};
        if (phase_ == Phase::rejected) return {Kind::rejected, at};
        if (at == input.size()) return {Kind::need_more, at};
        Step step;
        switch (phase_) {
            case Phase::preamble:
            case Phase::data:
                step = matched_ > 0 ? scan_held(input, at) : scan(input, at);
                break;
            case Phase::header:
                step = read_header(input, at);
                break;
            default:
                step = read_delimiter_end(input[at], at);
                break;
        }
        at = step.consumed;
        const bool skipped = step.kind == Kind::data && (phase_ == Phase::preamble || step.data.empty());
        if (step.kind != Kind::need_more && !skipped) return step;
    }
}

// Looks for a delimiter. Its CR is the only one in it, so that what turns out to be none can be data as a
// whole.
MultipartParser::Step MultipartParser::scan(std::string_view input, std::size_t at) {
    const std::string_view rest = input.substr(at);
    std::size_t end = rest.find(delimiter_);
    if (end == std::string_view::npos) {
        // The beginning of a delimiter at the end is held back until more is known.
        const std::size_t window = std::min(delimiter_.size() - 1, rest.size());
        const std::size_t cr = rest.substr(rest.size() - window).rfind('\r');
        end = cr == std::string_view::npos ? rest.size() : rest.size() - window + cr;
        if (!delimiter_.starts_with(rest.substr(end))) end = rest.size();
        matched_ = rest.size() - end;
        return {Kind::data, input.size(), rest.substr(0, end)};
    }
    matched_ = delimiter_.size();
    return {Kind::data, at + end + delimiter_.size(), rest.substr(0, end)};
}

MultipartParser::Step MultipartParser::scan_held(std::string_view input, std::size_t at) {
    while (matched_ < delimiter_.size() && at < input.size() && input[at] == delimiter_[matched_]) {
        ++matched_;
        ++at;
    }
    if (matched_ == delimiter_.size()) {
        const bool ends_part = phase_ == Phase::data;
        matched_ = 0;
        phase_ = Phase::delimiter_end;
        return {ends_part ? Kind::part_end : Kind::need_more, at};
    }
    if (at == input.size()) return {Kind::need_more, at};
    const std::string_view held = std::string_view(delimiter_).substr(0, matched_);
    matched_ = 0;
    return {Kind::data, at, held};
}

MultipartParser::Step MultipartParser::read_delimiter_end(char c, std::size_t at) {
    if (phase_ == Phase::last_dash) {
        if (c != '-') return rejected(bad_delimiter, at);
        phase_ = Phase::done;
        return {Kind::done, at + 1};
    }
    if (phase_ == Phase::delimiter_end && c == '-') {
        phase_ = Phase::last_dash;
    } else if (phase_ == Phase::line_end) {
        if (c != '\n') return rejected(bad_delimiter, at);
        if (++parts_ > limits_.parts) return rejected(too_many_parts, at);
        header_text_.clear();
        block_.start(0);
        phase_ = Phase::header;
    } else if (c == '\r') {
        phase_ = Phase::line_end;
    } else if (is_blank(c)) {
        phase_ = Phase::padding;
    } else {
        return rejected(bad_delimiter, at);
    }
    return {Kind::need_more, at + 1};
}

MultipartParser::Step MultipartParser::read_header(std::string_view input, std::size_t at) {
    const std::size_t newline = input.find('\n', at);
    const std::size_t end = newline == std::string_view::npos ? input.size() : newline + 1;
    header_text_.append(input.substr(at, end - at));
    bool starved = false;
    const Reject* reject = read_fields(
        block_,
        header_text_,
        {.request_line = 0, .header_block = limits_.part_header, .fields = 16},
        UnderscoreFields::drop,
        starved,
        [](KnownField, std::string_view, std::string_view) -> const Reject* { return nullptr; }
    );
    if (reject != nullptr) return rejected(bad_part_header, end);
    if (starved) return {Kind::need_more, end};
    reject = take_head();
    if (reject != nullptr) return rejected(*reject, end);
    phase_ = Phase::data;
    matched_ = 0;
    return {Kind::part, end};
}

const Reject* MultipartParser::take_head() {
    Fields fields;
    materialise(block_, header_text_.data(), fields);
    part_ = {};
    part_.content_type = fields.get(KnownField::content_type);
    std::string_view rest = fields.get("content-disposition");
    if (!iequals(take_part(rest, ';'), "form-data")) return &no_name;
    bool named = false;
    std::string_view name;
    std::string_view value;
    while (take_parameter(rest, name, value)) {
        if (value.size() > limits_.name + 2) return &name_too_long;
        if (iequals(name, "name")) {
            part_.name = form_unquote(value);
            named = true;
        } else if (iequals(name, "filename")) {
            const std::string path = form_unquote(value);
            part_.filename = path.substr(path.find_last_of("/\\") + 1);
        }
    }
    return named ? nullptr : &no_name;
}

MultipartParser::Step MultipartParser::rejected(const Reject& reject, std::size_t at) noexcept {
    reject_ = &reject;
    phase_ = Phase::rejected;
    return {Kind::rejected, at};
}

Result<std::vector<FormPart>> parse_multipart(
    std::string_view body, std::string_view boundary, MultipartLimits limits
) {
    using Kind = MultipartParser::Kind;
    MultipartParser parser(boundary, limits);
    std::vector<FormPart> parts;
    while (true) {
        const MultipartParser::Step step = parser.next(body);
        body.remove_prefix(step.consumed);
        switch (step.kind) {
            case Kind::part:
                parts.push_back({parser.part(), {}});
                break;
            case Kind::data:
                parts.back().data.append(step.data);
                break;
            case Kind::part_end:
                break;
            case Kind::done:
                return parts;
            case Kind::need_more:
                return fail(Errc::malformed, "multipart body ends too early");
            case Kind::rejected:
                return fail(Errc::malformed, std::string(parser.reject().why));
        }
    }
}

}  // namespace flotilla::http
