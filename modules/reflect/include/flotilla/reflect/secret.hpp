#pragma once
/// Text that must not be seen: a password, a key, a token.

#include <string>
#include <string_view>
#include <utility>

namespace flotilla::reflect {

/// Reads like a string and prints as `******` wherever it is written.
class Secret {
public:
    static constexpr std::string_view mask = "******";

    Secret() = default;

    // NOLINTBEGIN(google-explicit-constructor): a text is a secret, if one says so
    Secret(std::string text) : text_(std::move(text)) {}

    Secret(const char* text) : text_(text) {}

    // NOLINTEND(google-explicit-constructor)

    /// The real text: say so where it is needed, and nowhere else.
    [[nodiscard]] const std::string& reveal() const noexcept { return text_; }

    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

    friend bool operator==(const Secret&, const Secret&) = default;

private:
    std::string text_;
};

}  // namespace flotilla::reflect
