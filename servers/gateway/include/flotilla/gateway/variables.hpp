#pragma once
/// What path and host patterns have captured, by name: `{segment}` in the values of filters.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "flotilla/gateway/arena.hpp"

namespace flotilla::gateway {

/// At most sixteen; further ones are forgotten. Texts live in the arena or in what was matched.
class Variables {
public:
    static constexpr std::size_t most = 16;

    explicit Variables(Arena& arena) noexcept : arena_(&arena), items_(arena, most) {}

    /// The later of two of one name wins.
    void set(std::string_view name, std::string_view value) {
        for (Item& item : items_.all()) {
            if (item.first != name) continue;
            item.second = value;
            return;
        }
        items_.add({name, value});
    }

    /// For a text that does not stay.
    void set_copy(std::string_view name, std::string_view value) { set(name, arena_->keep(value)); }

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (const Item& item : items_.all())
            if (item.first == name) return item.second;
        return std::nullopt;
    }

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    /// Forgets all beyond that many: what a route captured that did not match after all.
    void shrink(std::size_t size) noexcept { items_.shrink(size); }

    [[nodiscard]] Arena& arena() const noexcept { return *arena_; }

private:
    using Item = std::pair<std::string_view, std::string_view>;

    Arena* arena_;
    ArenaList<Item> items_;
};

}  // namespace flotilla::gateway
