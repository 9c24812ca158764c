#pragma once
/// The header or trailer fields of one message: a flat list of views in the order of arrival.
///
/// It owns no text: the views point into the buffer that was parsed (or into whatever the builder of a
/// message keeps alive). Up to 32 fields need no memory from the heap, and a cleared list keeps what it has.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "flotilla/http/known_field.hpp"

namespace flotilla::http {

struct Field {
    std::string_view name;  ///< as it was sent; compare without case
    std::string_view value;

    friend bool operator==(const Field&, const Field&) = default;
};

class Fields {
public:
    static constexpr std::size_t inline_size = 32;

    void clear() noexcept {
        size_ = 0;
        present_ = 0;
        repeated_ = 0;
        spill_.clear();
        known_spill_.clear();
    }

    void add(std::string_view name, std::string_view value) { add(name, value, known_field(name)); }

    /// When the name was recognised before.
    void add(std::string_view name, std::string_view value, KnownField known);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    [[nodiscard]] std::span<const Field> all() const noexcept {
        return {spill_.empty() ? inline_.data() : spill_.data(), size_};
    }

    [[nodiscard]] auto begin() const noexcept { return all().begin(); }

    [[nodiscard]] auto end() const noexcept { return all().end(); }

    [[nodiscard]] const Field& operator[](std::size_t i) const noexcept { return all()[i]; }

    /// The number of the name of field `i`.
    [[nodiscard]] KnownField known(std::size_t i) const noexcept {
        return i < inline_size ? known_[i] : known_spill_[i - inline_size];
    }

    /// The first field of that name, or null. By number it costs an array access.
    [[nodiscard]] const Field* find(KnownField known) const noexcept {
        return contains(known) ? &all()[first_[static_cast<std::size_t>(known)]] : nullptr;
    }

    [[nodiscard]] const Field* find(std::string_view name) const noexcept;

    [[nodiscard]] bool contains(KnownField known) const noexcept { return (present_ & bit(known)) != 0; }

    [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }

    /// The value of the first field of that name; empty where there is none.
    [[nodiscard]] std::string_view get(KnownField known) const noexcept {
        const Field* field = find(known);
        return field ? field->value : std::string_view();
    }

    [[nodiscard]] std::string_view get(std::string_view name) const noexcept {
        const Field* field = find(name);
        return field ? field->value : std::string_view();
    }

    /// How many fields have that name.
    [[nodiscard]] std::size_t count(KnownField known) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

    /// Whether the comma-separated list in all fields of that name has `token`, compared without case.
    [[nodiscard]] bool has_token(KnownField known, std::string_view token) const noexcept;

    /// Calls `use(value)` for each field of that name, in order.
    template <class Use>
    void for_each(KnownField known, Use&& use) const {
        if (!contains(known)) return;
        const std::size_t first = first_[static_cast<std::size_t>(known)];
        use(all()[first].value);
        if ((repeated_ & bit(known)) == 0) return;
        for (std::size_t i = first + 1; i < size_; ++i) {
            if (this->known(i) == known) use(all()[i].value);
        }
    }

private:
    static constexpr std::uint64_t bit(KnownField known) noexcept {
        return known == KnownField::none ? 0 : std::uint64_t{1} << static_cast<unsigned>(known);
    }

    static_assert(known_field_count <= 64);

    std::size_t size_ = 0;
    std::uint64_t present_ = 0;   // known fields that are there at least once; first_ is meaningful for these
    std::uint64_t repeated_ = 0;  // ... and more than once
    std::array<std::uint16_t, known_field_count> first_{};
    std::array<Field, inline_size> inline_{};
    std::array<KnownField, inline_size> known_{};
    std::vector<Field> spill_;             // all of them, once there are more than inline_ holds
    std::vector<KnownField> known_spill_;  // of those that are more
};

/// Calls `use(token)` for each trimmed, non-empty part of a comma-separated list that has no quoted strings.
template <class Use>
void for_each_token(std::string_view list, Use&& use) {
    constexpr std::string_view blank = " \t";
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        std::string_view part = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
        const std::size_t from = part.find_first_not_of(blank);
        if (from == std::string_view::npos) continue;
        use(part.substr(from, part.find_last_not_of(blank) - from + 1));
    }
}

}  // namespace flotilla::http
