#include "flotilla/tracing/span_data.hpp"

#include <cstring>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::tracing {

namespace {

constexpr std::size_t key_limit = 64;
constexpr std::size_t value_limit = 256;
constexpr std::size_t sql_limit = 4096;
/// Room for every entry at its limit; only tags that are rewritten longer and longer get there.
constexpr std::size_t text_limit = 512 * 1024;
constexpr std::string_view ellipsis = "\u2026";

}  // namespace

std::string_view to_string(SpanKind kind) noexcept {
    switch (kind) {
        case SpanKind::none:
            return "";
        case SpanKind::client:
            return "CLIENT";
        case SpanKind::server:
            return "SERVER";
        case SpanKind::producer:
            return "PRODUCER";
        case SpanKind::consumer:
            return "CONSUMER";
    }
    return "";
}

SpanData::Ref SpanData::keep(std::string_view text) {
    const Ref ref{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
    text_ += text;
    return ref;
}

SpanData::Ref SpanData::keep_at_most(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return keep(text);
    Ref ref = keep(utf8_prefix(text, limit - ellipsis.size()));
    text_ += ellipsis;
    ref.length += static_cast<std::uint32_t>(ellipsis.size());
    return ref;
}

void SpanData::set_name(std::string_view name) {
    if (text_.size() > text_limit) return;
    name_ = keep_at_most(name, value_limit);
    for (char* c = text_.data() + name_.offset; c != text_.data() + name_.offset + name_.length; ++c)
        *c = ascii_lower(*c);
}

void SpanData::write_tag(std::string_view key, std::string_view value, bool replace) {
    if (key.size() > key_limit) {
        char cut[key_limit];
        const std::string_view prefix = utf8_prefix(key, key_limit - ellipsis.size());
        prefix.copy(cut, prefix.size());
        ellipsis.copy(cut + prefix.size(), ellipsis.size());
        return write_tag({cut, prefix.size() + ellipsis.size()}, value, replace);
    }
    const std::size_t limit = key.starts_with("sql.") ? sql_limit : value_limit;
    for (TagRef& known : tags_) {
        if (view(known.key) != key) continue;
        if (!replace) return;
        if (value.size() <= known.value.length) {
            std::memmove(text_.data() + known.value.offset, value.data(), value.size());
            known.value.length = static_cast<std::uint32_t>(value.size());
        } else if (text_.size() > text_limit) {
            ++dropped_;
        } else {
            known.value = keep_at_most(value, limit);
        }
        return;
    }
    if (tags_.size() == max_entries || text_.size() > text_limit) {
        ++dropped_;
        return;
    }
    const Ref kept_key = keep(key);
    tags_.push_back({kept_key, keep_at_most(value, limit)});
}

void SpanData::annotate(WallTime at, std::string_view value) {
    if (annotations_.size() == max_entries || text_.size() > text_limit) {
        ++dropped_;
        return;
    }
    annotations_.push_back({at, keep_at_most(value, value_limit)});
}

void SpanData::set_remote(const EndpointView& remote) {
    if (text_.size() > text_limit) return;
    remote_service_ = keep_at_most(remote.service, value_limit);
    remote_ip_ = keep_at_most(remote.ip, key_limit);
    remote_port_ = remote.port;
}

std::optional<std::string_view> SpanData::find_tag(std::string_view key) const noexcept {
    for (const TagRef& known : tags_)
        if (view(known.key) == key) return view(known.value);
    return std::nullopt;
}

std::size_t SpanData::footprint() const noexcept {
    return sizeof(SpanData) + text_.size() + tags_.size() * sizeof(TagRef) +
           annotations_.size() * sizeof(AnnotationRef);
}

void SpanData::reserve_typical() {
    text_.reserve(448);
    tags_.reserve(8);
}

void SpanData::clear() noexcept {
    context = {};
    kind = SpanKind::none;
    start = {};
    duration = {};
    name_ = remote_service_ = remote_ip_ = {};
    remote_port_ = 0;
    dropped_ = 0;
    text_.clear();
    tags_.clear();
    annotations_.clear();
}

}  // namespace flotilla::tracing
