#pragma once
/// Percent-escapes of URLs (RFC 3986, 2.1) and the `application/x-www-form-urlencoded` text that queries and
/// HTML forms are written in.

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace flotilla::http {

/// Nothing for an escape that is not two hex digits.
std::optional<std::string> percent_decode(std::string_view text);

/// What may stand unescaped besides letters, digits and `-._~`.
enum class EscapeFor : std::uint8_t {
    component,  ///< nothing: a name or value in a query
    segment,    ///< what a path segment may have: `!$&'()*+,;=:@`
};

std::string percent_encode(std::string_view text, EscapeFor place = EscapeFor::component);

/// `+` is a blank, `%41` is `A`, a malformed escape stands for itself: what browsers do, and it never fails.
std::string form_decode(std::string_view text);

/// The names and values of a query or form, in order, decoded only when asked.
///
///     for (const auto pair : UrlEncoded("a=1&b=x+y")) use(pair.name(), pair.value());
///
/// Empty parts (`a&&b`) are left out. The text must outlive the pairs.
class UrlEncoded {
public:
    struct Pair {
        std::string_view raw_name;
        std::string_view raw_value;
        bool has_value = false;  ///< `a=` has an empty one, `a` has none

        [[nodiscard]] std::string name() const { return form_decode(raw_name); }

        [[nodiscard]] std::string value() const { return form_decode(raw_value); }

        /// Compares without decoding where the name is plain.
        [[nodiscard]] bool is_named(std::string_view name) const;
    };

    class Iterator {
    public:
        using value_type = Pair;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;

        explicit Iterator(std::string_view rest) : rest_(rest) { ++*this; }

        const Pair& operator*() const noexcept { return pair_; }

        const Pair* operator->() const noexcept { return &pair_; }

        Iterator& operator++() noexcept;

        Iterator operator++(int) noexcept {
            Iterator before = *this;
            ++*this;
            return before;
        }

        friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept { return it.ended_; }

    private:
        std::string_view rest_;
        Pair pair_;
        bool ended_ = false;
    };

    explicit UrlEncoded(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] Iterator begin() const noexcept { return Iterator(text_); }

    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    /// The decoded value of the first pair of that name.
    [[nodiscard]] std::optional<std::string> get(std::string_view name) const;

private:
    std::string_view text_;
};

/// Adds `name=value`, encoded, with an `&` in front where the text has something already.
void append_urlencoded(std::string& text, std::string_view name, std::string_view value);

}  // namespace flotilla::http
