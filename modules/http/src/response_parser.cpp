#include "flotilla/http/response_parser.hpp"

#include "field_block.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/status.hpp"
#include "rejects.hpp"
#include "scan.hpp"

namespace flotilla::http {

using namespace detail;

namespace {

constexpr Reject bad_status_line{502, "S18", "malformed status line"};
constexpr Reject other_response_version{502, "S18", "major version other than 1"};
constexpr Reject status_line_too_long{502, "S18", "status line over the limit"};
constexpr Reject conflicting_length{502, "S18", "conflicting Content-Length"};

}  // namespace

ResponseParser::ResponseParser(Options options) : options_(options) {
    block_.lines.reserve(Fields::inline_size);
}

void ResponseParser::reset(Method request_method) noexcept {
    request_method_ = request_method;
    phase_ = Phase::version;
    at_ = 0;
    chunked_ = false;
    connection_ = {};
    block_.start(0);
    head_.fields.clear();
    head_.content_length.reset();
    reject_ = {};
}

Progress ResponseParser::parse(std::string_view buffer) {
    bool starved = false;
    const Reject* reject = nullptr;
    if (phase_ < Phase::fields) {
        reject = read_status_line(buffer, starved);
        if (reject == nullptr && starved) return Progress::need_more;
    }
    if (reject == nullptr && phase_ == Phase::fields) {
        reject = read_fields(
            block_,
            buffer,
            options_.limits,
            options_.underscore_fields,
            starved,
            [&](KnownField known, std::string_view, std::string_view value) { return on_field(known, value); }
        );
        if (reject == nullptr && starved) return Progress::need_more;
        if (reject == nullptr) reject = finish(buffer.data());
        if (reject == nullptr) phase_ = Phase::done;
    }
    if (reject != nullptr) {
        reject_ = {502, "S18", reject->why};
        phase_ = Phase::rejected;
    }
    return phase_ == Phase::done ? Progress::done : Progress::rejected;
}

const Reject* ResponseParser::read_status_line(std::string_view buffer, bool& starved) {
    const char* const base = buffer.data();
    const std::size_t last = options_.limits.request_line + 2;
    const char* const end = base + std::min(buffer.size(), last);
    const auto offset = [base](const char* at) { return static_cast<std::size_t>(at - base); };
    if (phase_ == Phase::version) {
        constexpr std::string_view pattern = "HTTP/d.d ddd";
        constexpr std::string_view usual = "HTTP/1.1 ";
        if (at_ == 0 && std::string_view(base, offset(end)).starts_with(usual)) at_ = usual.size();
        for (; at_ < pattern.size(); ++at_) {
            if (at_ == offset(end)) {
                starved = true;
                return nullptr;
            }
            const char c = base[at_];
            if (pattern[at_] == 'd' ? !is_ascii_digit(c) : c != pattern[at_]) return &bad_status_line;
        }
        if (base[5] != '1') return &other_response_version;
        head_.minor_version = base[7] == '0' ? 0 : 1;
        head_.status = (base[9] - '0') * 100 + (base[10] - '0') * 10 + (base[11] - '0');
        if (head_.status < 100 || head_.status > 599) return &bad_status_line;
        phase_ = Phase::status;
    }
    const char* p = base + at_;
    const auto need_more = [&]() -> const Reject* {
        if (offset(end) == last) return &status_line_too_long;
        at_ = offset(p);
        starved = true;
        return nullptr;
    };
    if (phase_ == Phase::status) {
        // Many servers leave out the blank when they have no reason phrase.
        if (p == end) return need_more();
        if (*p != ' ' && *p != '\r') return &bad_status_line;
        if (*p == ' ') ++p;
        reason_at_ = offset(p);
        phase_ = Phase::reason;
    }
    p = skip_value(p, end);
    if (p == end || (*p == '\r' && end - p < 2)) return need_more();
    if (*p != '\r' || p[1] != '\n') return &bad_status_line;
    reason_size_ = offset(p) - reason_at_;
    block_.start(offset(p) + 2);
    phase_ = Phase::fields;
    return nullptr;
}

const Reject* ResponseParser::on_field(KnownField known, std::string_view value) {
    if (known == KnownField::content_length) {
        std::uint64_t length = 0;
        if (!parse_content_length(value, length)) return &bad_length;
        if (head_.content_length && *head_.content_length != length) return &conflicting_length;
        if (chunked_) return &length_and_encoding;
        head_.content_length = length;
    } else if (known == KnownField::transfer_encoding) {
        if (chunked_) return &repeated_encoding;
        if (head_.minor_version == 0) return &encoding_in_http10;
        if (!iequals(value, "chunked")) return &bad_encoding;
        if (head_.content_length) return &length_and_encoding;
        chunked_ = true;
    } else if (known == KnownField::connection) {
        connection_.add(value);
    }
    return nullptr;
}

const Reject* ResponseParser::finish(const char* base) {
    head_.reason = {base + reason_at_, reason_size_};
    head_.dropped_fields = block_.dropped;
    materialise(block_, base, head_.fields);

    if (head_.status == 101) {
        head_.framing = BodyFraming::until_close;  // what follows is another protocol
    } else if (request_method_ == Method::head || never_has_body(head_.status)) {
        head_.framing = BodyFraming::none;
    } else if (chunked_) {
        head_.framing = BodyFraming::chunked;
    } else if (head_.content_length) {
        head_.framing = *head_.content_length == 0 ? BodyFraming::none : BodyFraming::length;
    } else {
        head_.framing = BodyFraming::until_close;
    }

    head_.connection_names = connection_.others;
    head_.keep_alive = head_.framing != BodyFraming::until_close && connection_.keeps(head_.minor_version);
    return nullptr;
}

}  // namespace flotilla::http
