#include "http2_head.hpp"

#include <algorithm>
#include <array>

#include "flotilla/base/text.hpp"
#include "flotilla/http/message_writer.hpp"

namespace flotilla::http {

namespace {

constexpr std::size_t field_overhead = 32;  // RFC 9113, 6.5.2

/// RFC 9113, 8.2.2: what speaks about a connection of HTTP/1.1.
constexpr std::array<std::string_view, 5> connection_specific{
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"
};

bool has_upper_case(std::string_view name) noexcept {
    return std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

bool Http2Head::Pseudo::set(std::string_view value) {
    if (given) return false;
    given = true;
    text = value;
    return true;
}

void Http2Head::start(Block block) {
    block_ = block;
    size_ = 0;
    malformed_ = regular_seen_ = has_length_ = false;
    for (Pseudo* each : {&method_, &scheme_, &path_, &authority_, &host_}) each->given = false;
    cookie_.clear();
    fields_.clear();
    text_.clear();
}

Http2Head::Verdict Http2Head::add(std::string_view name, std::string_view value) {
    size_ += name.size() + value.size() + field_overhead;
    if (size_ > limit_) return Verdict::too_large;
    if (malformed_) return Verdict::malformed;
    const Verdict verdict = name.starts_with(':') ? add_pseudo(name, value) : add_regular(name, value);
    malformed_ = verdict == Verdict::malformed;
    return verdict;
}

Http2Head::Verdict Http2Head::add_pseudo(std::string_view name, std::string_view value) {
    if (block_ == Block::trailers || regular_seen_) return Verdict::malformed;
    Pseudo* const place = name == ":method"      ? &method_
                          : name == ":scheme"    ? &scheme_
                          : name == ":path"      ? &path_
                          : name == ":authority" ? &authority_
                                                 : nullptr;
    return place && place->set(value) ? Verdict::fine : Verdict::malformed;
}

Http2Head::Verdict Http2Head::add_regular(std::string_view name, std::string_view value) {
    regular_seen_ = true;
    if (!is_token(name) || has_upper_case(name) || !is_field_value(value)) return Verdict::malformed;
    if (std::ranges::find(connection_specific, name) != connection_specific.end()) return Verdict::malformed;
    if (name == "te" && value != "trailers") return Verdict::malformed;
    if (name == "host" && block_ == Block::request)
        return host_.set(value) ? Verdict::fine : Verdict::malformed;
    if (name == "cookie" && block_ == Block::request) {
        // RFC 9113, 8.2.3: crumbs are one field again before others see them.
        if (!cookie_.empty()) cookie_ += "; ";
        cookie_ += value;
        return Verdict::fine;
    }
    has_length_ = has_length_ || name == "content-length";
    return append_field(fields_, name, value) ? Verdict::fine : Verdict::malformed;
}

bool Http2Head::write_request_line() {
    if (!method_.given || !is_token(method_.text)) return false;
    if (method_.text == "CONNECT") return append_request_line(text_, method_.text, authority_.text);
    if (!path_.given || !scheme_.given) return false;
    if (!iequals(scheme_.text, "http") && !iequals(scheme_.text, "https")) return false;
    if (!path_.text.starts_with('/') && path_.text != "*") return false;
    return append_request_line(text_, method_.text, path_.text);
}

Http2Head::Verdict Http2Head::finish(bool ended) {
    if (malformed_) return Verdict::malformed;
    if (block_ == Block::trailers) {
        text_.append("0\r\n").append(fields_).append("\r\n");
        return Verdict::fine;
    }
    if (authority_.given && host_.given && !iequals(authority_.text, host_.text)) return Verdict::malformed;
    if (!write_request_line()) return Verdict::malformed;
    const Pseudo& host = authority_.given ? authority_ : host_;
    if (host.given && !append_field(text_, "Host", host.text)) return Verdict::malformed;
    text_ += fields_;
    if (!cookie_.empty() && !append_field(text_, "cookie", cookie_)) return Verdict::malformed;
    if (!ended && !has_length_) text_ += "transfer-encoding: chunked\r\n";
    append_head_end(text_);
    return Verdict::fine;
}

}  // namespace flotilla::http
