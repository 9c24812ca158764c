#include "flotilla/gateway/host_pattern.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"

namespace flotilla::gateway {

namespace {

/// `*` and `?` in a label; the rest in any case.
bool match_label(std::string_view pattern, std::string_view label) {
    if (pattern.find_first_of("*?") == std::string_view::npos) return iequals(pattern, label);
    return glob_match(to_lower(pattern), to_lower(label));
}

bool is_capture(std::string_view label) {
    return label.size() > 2 && label.front() == '{' && label.back() == '}';
}

}  // namespace

Result<HostPattern> HostPattern::parse(std::string_view text) {
    if (text.empty()) return fail(Errc::invalid_argument, "an empty host pattern");
    HostPattern made;
    made.text_ = text;
    made.lower_ = to_lower(text);
    made.literal_ = text.find_first_of("*?{") == std::string_view::npos;
    int many = 0;
    for (const std::string_view label : split(text, '.')) {
        if (label == "**") ++many;
        const bool has_brace = label.find_first_of("{}") != std::string_view::npos;
        // The port may follow the last label: `{sub}.example.org:8080` is fine, `a{b}` is not.
        if (has_brace && !is_capture(label))
            return fail(
                Errc::invalid_argument, fmt::format("host pattern '{}': a variable is a whole label", text)
            );
        made.labels_.emplace_back(label);
    }
    // Each one more multiplies what a hostile name makes us try.
    if (many > 2)
        return fail(Errc::invalid_argument, fmt::format("host pattern '{}': more than two '**'", text));
    return made;
}

bool HostPattern::match_labels(std::size_t label, std::string_view host, bool ended, Variables& variables)
    const {
    if (label == labels_.size()) return ended;
    const std::string_view pattern = labels_[label];
    if (pattern == "**") {
        // No label, or some of them.
        if (match_labels(label + 1, host, ended, variables)) return true;
        while (!ended) {
            const std::size_t dot = host.find('.');
            ended = dot == std::string_view::npos;
            host = ended ? std::string_view() : host.substr(dot + 1);
            if (match_labels(label + 1, host, ended, variables)) return true;
        }
        return false;
    }
    if (ended) return false;
    const std::size_t dot = host.find('.');
    const std::string_view first = host.substr(0, dot);
    const bool last = dot == std::string_view::npos;
    if (is_capture(pattern)) {
        if (first.empty()) return false;
        variables.set(pattern.substr(1, pattern.size() - 2), first);
    } else if (!match_label(pattern, first)) {
        return false;
    }
    return match_labels(label + 1, last ? std::string_view() : host.substr(dot + 1), last, variables);
}

bool HostPattern::match(std::string_view host, Variables& variables) const {
    if (host.empty()) return false;
    const std::string_view bare = host_without_port(host);
    if (literal_) return iequals(host, text_) || iequals(bare, text_);
    const std::size_t mark = variables.size();
    if (match_labels(0, bare, false, variables)) return true;
    variables.shrink(mark);
    if (bare.size() != host.size() && match_labels(0, host, false, variables)) return true;
    variables.shrink(mark);
    return false;
}

std::string_view host_without_port(std::string_view host) noexcept {
    const std::size_t colon = host.rfind(':');
    if (colon == std::string_view::npos) return host;
    // In a bare IPv6 address the last colon separates no port.
    if (host.front() == '[') return host[colon - 1] == ']' ? host.substr(0, colon) : host;
    return host.find(':') == colon ? host.substr(0, colon) : host;
}

}  // namespace flotilla::gateway
