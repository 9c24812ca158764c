#include "flotilla/http/request_parser.hpp"

#include <cstring>

#include "field_block.hpp"
#include "flotilla/base/text.hpp"
#include "path_check.hpp"
#include "rejects.hpp"
#include "scan.hpp"

namespace flotilla::http {

using namespace detail;

namespace {

constexpr std::size_t max_empty_lines = 4;

constexpr std::size_t version_size = 8;  // of `HTTP/1.1`

std::size_t scheme_size(std::string_view target) noexcept {
    if (istarts_with(target, "http://")) return 7;
    if (istarts_with(target, "https://")) return 8;
    return 0;
}

/// `a:` is `a` (RFC 3986, 6.2.3): whoever looks at it finds one form.
std::string_view without_empty_port(std::string_view authority) noexcept {
    if (!authority.ends_with(':')) return authority;
    const std::string_view host = authority.substr(0, authority.size() - 1);
    const std::size_t bracket = host.rfind(']');
    const bool has_port = host.find(':', bracket == host.npos ? 0 : bracket) != host.npos;
    return has_port ? authority : host;
}

}  // namespace

RequestParser::RequestParser(Options options) : options_(options) {
    block_.lines.reserve(Fields::inline_size);
}

void RequestParser::reset() noexcept {
    phase_ = Phase::empty_lines;
    line_begin_ = at_ = 0;
    host_ = authority_ = {};
    has_host_ = false;
    connection_ = {};
    block_.start(0);
    head_.fields.clear();
    head_.content_length.reset();
    head_.chunked = false;
    head_.keep_alive = true;
    head_.expect_continue = false;
    head_.upgrade_websocket = false;
    head_.path_is_plain = true;
    reject_ = nullptr;
}

Progress RequestParser::parse(std::string_view buffer) {
    bool starved = false;
    if (phase_ < Phase::fields) {
        reject_ = read_request_line(buffer, starved);
        if (reject_ == nullptr && starved) return Progress::need_more;
    }
    if (reject_ == nullptr && phase_ == Phase::fields) {
        reject_ = read_fields(
            block_,
            buffer,
            options_.limits,
            options_.underscore_fields,
            starved,
            [&](KnownField known, std::string_view, std::string_view value) {
                if (known == KnownField::host) {
                    const std::size_t at = static_cast<std::size_t>(value.data() - buffer.data());
                    host_ = {at, without_empty_port(value).size()};
                }
                return on_field(known, value);
            }
        );
        if (reject_ == nullptr && starved) return Progress::need_more;
        if (reject_ == nullptr) reject_ = finish(buffer.data());
        if (reject_ == nullptr) phase_ = Phase::done;
    }
    if (reject_ != nullptr) phase_ = Phase::rejected;
    return phase_ == Phase::done ? Progress::done : Progress::rejected;
}

const Reject* RequestParser::read_empty_lines(std::string_view buffer, bool& starved) {
    // RFC 9112, 2.2: some clients send an extra line end after a body.
    while (true) {
        const std::string_view rest = buffer.substr(at_);
        if (rest.empty()) break;
        if (rest[0] == '\n') return &bare_lf;
        if (rest[0] != '\r') {
            line_begin_ = at_;
            phase_ = Phase::method;
            return nullptr;
        }
        if (at_ == 2 * max_empty_lines) return &too_many_empty_lines;
        if (rest.size() < 2) break;
        if (rest[1] != '\n') return &bare_cr;
        at_ += 2;
    }
    starved = true;
    return nullptr;
}

const Reject* RequestParser::read_request_line(std::string_view buffer, bool& starved) {
    if (phase_ == Phase::empty_lines) {
        const Reject* reject = read_empty_lines(buffer, starved);
        if (reject != nullptr || starved) return reject;
    }
    // The limit cuts off what is looked at, so that the outcome does not depend on how the bytes were split.
    const char* const base = buffer.data();
    const std::size_t last = line_begin_ + options_.limits.request_line + 2;
    const char* const end = base + std::min(buffer.size(), last);
    const char* p = base + at_;
    const auto offset = [base](const char* at) { return static_cast<std::size_t>(at - base); };
    const auto need_more = [&]() -> const Reject* {
        if (offset(end) == last) return &line_too_long;
        at_ = offset(p);
        starved = true;
        return nullptr;
    };

    if (phase_ == Phase::method) {
        while (p != end && is(*p, class_token)) ++p;
        if (p == end) return need_more();
        method_ = {line_begin_, offset(p) - line_begin_};
        if (*p != ' ' || method_.size == 0) return &bad_method;
        head_.method = parse_method(method_.of(base));
        if (head_.method == Method::connect) return &connect_method;
        ++p;
        target_.at = offset(p);
        phase_ = Phase::target;
    }
    if (phase_ == Phase::target) {
        p = skip_target(p, end);
        if (p == end) return need_more();
        target_.size = offset(p) - target_.at;
        if (*p == '\r' || *p == '\n') return target_.size == 0 ? &bad_target : &no_version;
        if (*p != ' ' || target_.size == 0) return &bad_target;
        if (const Reject* reject = check_target(target_.of(base))) return reject;
        ++p;
        phase_ = Phase::version;
    }
    const Reject* reject = read_version(p, end, starved);
    if (reject == nullptr && starved) {
        starved = false;
        return need_more();
    }
    if (reject == nullptr && head_.form == TargetForm::asterisk && head_.method != Method::options) {
        reject = &asterisk_form;
    }
    if (reject == nullptr) {
        block_.start(offset(p) + version_size + 2);
        phase_ = Phase::fields;
    }
    return reject;
}

const Reject* RequestParser::read_version(const char* from, const char* to, bool& starved) {
    constexpr std::string_view usual = "HTTP/1.1\r\n";
    const auto available = static_cast<std::size_t>(to - from);
    if (available >= usual.size() && std::memcmp(from, usual.data(), usual.size()) == 0) {
        head_.minor_version = 1;
        return nullptr;
    }
    constexpr std::string_view pattern = "HTTP/d.d\r\n";
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (i == available) {
            starved = true;
            return nullptr;
        }
        if (pattern[i] == 'd' ? is_ascii_digit(from[i]) : from[i] == pattern[i]) continue;
        if (i == version_size && from[i] == '\n') return &bare_lf;
        return i == version_size + 1 ? &bare_cr : &bad_version;
    }
    if (from[5] != '1') return &other_version;
    head_.minor_version = from[7] == '0' ? 0 : 1;  // 1.2 to 1.9 are answered as 1.1
    return nullptr;
}

const Reject* RequestParser::check_target(std::string_view target) {
    head_.form = TargetForm::origin;
    if (target[0] == '/') {
        path_ = {0, target.size()};
        return check_path(target);
    }
    if (target == "*") {
        head_.form = TargetForm::asterisk;
        path_ = {0, 1};
        query_ = {};
        head_.has_query = false;
        return nullptr;
    }
    head_.form = TargetForm::absolute;
    return check_absolute(target);
}

const Reject* RequestParser::check_absolute(std::string_view target) {
    const std::size_t begin = scheme_size(target);
    if (begin == 0) {
        const bool has_port =
            target.find(':') != std::string_view::npos && target.find('/') == std::string_view::npos;
        return has_port && is_valid_authority(target) ? &authority_form : &bad_target;
    }
    const std::size_t end = std::min(target.find_first_of("/?#", begin), target.size());
    const std::string_view authority = without_empty_port(target.substr(begin, end - begin));
    authority_ = {begin, authority.size()};
    if (!is_valid_authority(authority)) return &bad_host;
    path_ = {end, target.size() - end};
    if (end < target.size() && target[end] == '#') return &fragment;
    return check_path(target.substr(end));
}

// Splits `path_`, which at first holds the query too.
const Reject* RequestParser::check_path(std::string_view text) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* p = begin;
    const char* suspicious = nullptr;
    while ((p = skip_plain_path(p, end)) != end && *p != '?') {
        // A dot inside of a name is harmless; at the start of a segment it may be a dot segment.
        if (*p != '.' || (p != begin && p[-1] == '/')) suspicious = p;
        ++p;
    }
    const std::size_t size = static_cast<std::size_t>(p - begin);
    query_ = {};
    head_.has_query = p != end;
    if (head_.has_query) {
        query_ = {path_.at + size + 1, text.size() - size - 1};
        if (text.find('#', size) != std::string_view::npos) return &fragment;
    }
    path_.size = size;
    head_.path_is_plain = suspicious == nullptr;
    return suspicious == nullptr ? nullptr : detail::check_path(text.substr(0, size), options_.encoded_slash);
}

const Reject* RequestParser::on_field(KnownField known, std::string_view value) {
    switch (known) {
        case KnownField::host:
            if (has_host_) return &repeated_host;
            has_host_ = true;
            return is_valid_authority(without_empty_port(value)) ? nullptr : &bad_host;
        case KnownField::content_length: {
            if (head_.content_length) return &repeated_length;
            std::uint64_t length = 0;
            if (!parse_content_length(value, length)) return &bad_length;
            if (head_.chunked) return &length_and_encoding;
            head_.content_length = length;
            return nullptr;
        }
        case KnownField::transfer_encoding:
            if (head_.chunked) return &repeated_encoding;
            if (head_.minor_version == 0) return &encoding_in_http10;
            if (!iequals(value, "chunked")) return &bad_encoding;
            if (head_.content_length) return &length_and_encoding;
            head_.chunked = true;
            return nullptr;
        case KnownField::expect:
            if (!iequals(value, "100-continue")) return &bad_expectation;
            head_.expect_continue = head_.minor_version == 1;
            return nullptr;
        case KnownField::connection:
            connection_.add(value);
            return nullptr;
        default:
            return nullptr;
    }
}

const Reject* RequestParser::finish(const char* base) {
    head_.target = target_.of(base);
    head_.host = has_host_ ? host_.of(base) : std::string_view();
    if (!has_host_ && head_.minor_version == 1) return &no_host;
    const char* const target = head_.target.data();
    if (head_.form == TargetForm::absolute && has_host_ && !iequals(authority_.of(target), head_.host)) {
        return &other_authority;
    }
    head_.method_text = method_.of(base);
    head_.path = path_.size == 0 ? std::string_view("/") : path_.of(target);
    head_.query = query_.of(target);
    head_.dropped_fields = block_.dropped;
    materialise(block_, base, head_.fields);

    head_.keep_alive = connection_.keeps(head_.minor_version);
    head_.connection_names = connection_.others;
    head_.upgrade_websocket = connection_.upgrade && head_.method == Method::get &&
                              head_.minor_version == 1 &&
                              head_.fields.has_token(KnownField::upgrade, "websocket");
    return nullptr;
}

}  // namespace flotilla::http
