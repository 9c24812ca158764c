#include "flotilla/http/fields.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/http/parsing.hpp"

namespace flotilla::http {

void Fields::add(std::string_view name, std::string_view value, KnownField known) {
    if (size_ < inline_size) {
        inline_[size_] = {name, value};
        known_[size_] = known;
    } else {
        if (spill_.empty()) spill_.assign(inline_.begin(), inline_.end());
        spill_.push_back({name, value});
        known_spill_.push_back(known);
    }
    if (const std::uint64_t mask = bit(known); mask != 0) {
        if ((present_ & mask) != 0) {
            repeated_ |= mask;
        } else {
            present_ |= mask;
            first_[static_cast<std::size_t>(known)] = static_cast<std::uint16_t>(size_);
        }
    }
    ++size_;
}

const Field* Fields::find(std::string_view name) const noexcept {
    if (const KnownField known = known_field(name); known != KnownField::none) return find(known);
    const auto fields = all();
    const auto found = std::ranges::find_if(fields, [&](const Field& f) { return iequals(f.name, name); });
    return found == fields.end() ? nullptr : &*found;
}

std::size_t Fields::count(KnownField known) const noexcept {
    if (!contains(known)) return 0;
    return (repeated_ & bit(known)) == 0 ? 1 : count(to_text(known));
}

std::size_t Fields::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(all(), [&](const Field& f) {
        return iequals(f.name, name);
    }));
}

bool Fields::has_token(KnownField known, std::string_view token) const noexcept {
    bool found = false;
    for_each(known, [&](std::string_view value) {
        for_each_token(value, [&](std::string_view part) { found = found || iequals(part, token); });
    });
    return found;
}

void detail::ConnectionOptions::add(std::string_view value) noexcept {
    for_each_token(value, [this](std::string_view token) {
        if (token.size() == 10 && iequals(token, "keep-alive")) {
            keep_alive = true;
        } else if (token.size() == 5 && iequals(token, "close")) {
            close = true;
        } else {
            upgrade = upgrade || iequals(token, "upgrade");
            others = true;
        }
    });
}

}  // namespace flotilla::http
