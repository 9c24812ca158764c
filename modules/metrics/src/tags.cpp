#include "flotilla/metrics/tags.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace flotilla::metrics {

namespace {

void append(std::string& out, std::string_view text) {
    const std::size_t at = out.size();
    out += text;
    if (text.find('\0') != text.npos) [[unlikely]]
        std::replace(out.begin() + static_cast<std::ptrdiff_t>(at), out.end(), '\0', '?');
    out += '\0';
}

/// `tags` are sorted; of equal keys the last one counts.
std::string packed(std::span<const Tags::Tag> tags) {
    std::size_t size = 0;
    for (const auto& [key, value] : tags) size += key.size() + value.size() + 2;
    std::string out;
    out.reserve(size);
    for (std::size_t i = 0; i < tags.size(); ++i) {
        if (i + 1 < tags.size() && tags[i].first == tags[i + 1].first) continue;
        append(out, tags[i].first);
        append(out, tags[i].second);
    }
    return out;
}

/// Stable, and quick for the handful of tags that a meter has.
void sort_by_key(std::span<Tags::Tag> tags) {
    for (std::size_t i = 1; i < tags.size(); ++i) {
        for (std::size_t j = i; j > 0 && tags[j].first < tags[j - 1].first; --j)
            std::swap(tags[j], tags[j - 1]);
    }
}

}  // namespace

Tags::Tag Tags::Iterator::operator*() const noexcept {
    const std::size_t key_end = rest_.find('\0');
    const std::size_t value_end = rest_.find('\0', key_end + 1);
    return {rest_.substr(0, key_end), rest_.substr(key_end + 1, value_end - key_end - 1)};
}

Tags::Iterator& Tags::Iterator::operator++() noexcept {
    const std::size_t key_end = rest_.find('\0');
    rest_.remove_prefix(rest_.find('\0', key_end + 1) + 1);
    return *this;
}

Tags::Tags(std::span<const Tag> tags) {
    std::array<Tag, 16> few;
    if (tags.size() <= few.size()) {
        std::ranges::copy(tags, few.begin());
        const std::span sorted(few.data(), tags.size());
        sort_by_key(sorted);
        packed_ = packed(sorted);
    } else {
        std::vector<Tag> many(tags.begin(), tags.end());
        sort_by_key(many);
        packed_ = packed(many);
    }
}

std::size_t Tags::size() const noexcept {
    return static_cast<std::size_t>(std::ranges::count(packed_, '\0')) / 2;
}

std::optional<std::string_view> Tags::find(std::string_view key) const noexcept {
    for (const auto& [own, value] : *this) {
        if (own == key) return value;
    }
    return std::nullopt;
}

Tags Tags::with(const Tags& other) const {
    if (other.empty()) return *this;
    std::vector<Tag> all(begin(), end());
    all.insert(all.end(), other.begin(), other.end());
    return Tags(std::span<const Tag>(all));
}

Tags Tags::with(std::string_view key, std::string_view value) const {
    return with(Tags{{key, value}});
}

Tags Tags::without(std::string_view key) const {
    std::vector<Tag> kept;
    for (const Tag tag : *this) {
        if (tag.first != key) kept.push_back(tag);
    }
    return Tags(std::span<const Tag>(kept));
}

}  // namespace flotilla::metrics
