#pragma once
/// The dimensions of a meter: keys and values, sorted by key, each key once.

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace flotilla::metrics {

/// A value type in one allocation, so that a hundred thousand series stay small.
class Tags {
public:
    using Tag = std::pair<std::string_view, std::string_view>;

    class Iterator {
    public:
        using value_type = Tag;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::forward_iterator_tag;

        Iterator() = default;

        explicit Iterator(std::string_view rest) noexcept : rest_(rest) {}

        Tag operator*() const noexcept;
        Iterator& operator++() noexcept;

        Iterator operator++(int) noexcept {
            Iterator former = *this;
            ++*this;
            return former;
        }

        friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
            return a.rest_.size() == b.rest_.size();
        }

    private:
        std::string_view rest_;
    };

    Tags() = default;

    /// Of a key that comes twice the last value counts.
    Tags(std::initializer_list<Tag> tags) : Tags(std::span(tags.begin(), tags.size())) {}

    explicit Tags(std::span<const Tag> tags);

    [[nodiscard]] Iterator begin() const noexcept { return Iterator(packed_); }

    [[nodiscard]] Iterator end() const noexcept {
        return Iterator(std::string_view(packed_).substr(packed_.size()));
    }

    /// As they are kept: key, NUL, value, NUL, and so on.
    [[nodiscard]] const std::string& bytes() const noexcept { return packed_; }

    [[nodiscard]] bool empty() const noexcept { return packed_.empty(); }

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const noexcept;

    /// With `other` added; its values win.
    [[nodiscard]] Tags with(const Tags& other) const;
    [[nodiscard]] Tags with(std::string_view key, std::string_view value) const;
    [[nodiscard]] Tags without(std::string_view key) const;

    /// Orders by first key, first value, second key and so on.
    friend auto operator<=>(const Tags&, const Tags&) = default;

    [[nodiscard]] std::size_t hash() const noexcept { return std::hash<std::string>()(packed_); }

private:
    std::string packed_;  // a NUL in the input becomes '?'
};

}  // namespace flotilla::metrics
