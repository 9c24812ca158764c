#pragma once
/// What path and host patterns have captured, by name: `{segment}` in the values of filters.

#include <cstddef>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/gateway/arena.hpp"

namespace flotilla::gateway {

/// At most sixteen; further ones are forgotten. Texts live in the arena or in what was matched.
class Variables {
public:
    static constexpr std::size_t most = 16;

    explicit Variables(Arena& arena) noexcept : arena_(&arena), items_(arena.resource()) {}

    /// The later of two of one name wins.
    void set(std::string_view name, std::string_view value) {
        for (Item& item : items_) {
            if (item.first != name) continue;
            item.second = value;
            return;
        }
        if (items_.empty()) items_.reserve(most);
        if (items_.size() < most) items_.emplace_back(name, value);
    }

    /// For a text that does not stay.
    void set_copy(std::string_view name, std::string_view value) { set(name, arena_->keep(value)); }

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (const Item& item : items_)
            if (item.first == name) return item.second;
        return std::nullopt;
    }

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    /// Forgets all beyond that many: what a route captured that did not match after all.
    void shrink(std::size_t size) noexcept {
        if (size < items_.size()) items_.resize(size);
    }

    [[nodiscard]] Arena& arena() const noexcept { return *arena_; }

private:
    using Item = std::pair<std::string_view, std::string_view>;

    Arena* arena_;
    std::pmr::vector<Item> items_;
};

}  // namespace flotilla::gateway
