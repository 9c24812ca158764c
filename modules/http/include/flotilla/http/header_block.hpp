#pragma once
/// The fields of an outgoing message, kept as the text that will be sent.

#include <initializer_list>
#include <string>
#include <string_view>

#include "flotilla/http/fields.hpp"

namespace flotilla::http {

/// `Name: value\r\n` after another, ready to be sent. Names and values that would break the message's framing
/// are made harmless here: line ends become blanks, a name that is no token is refused by an assertion, as it
/// is a bug.
class HeaderBlock {
public:
    HeaderBlock() { text_.reserve(192); }

    void add(std::string_view name, std::string_view value);

    /// A field that a parser has checked.
    void add_checked(std::string_view name, std::string_view value);

    /// Several of them at once: `write(to)` puts whole lines there, no more than `most` bytes, and returns
    /// their end.
    template <class Write>
    void add_lines(std::size_t most, Write&& write) {
        const std::size_t before = text_.size();
        text_.resize_and_overwrite(before + most, [&](char* text, std::size_t) {
            return static_cast<std::size_t>(write(text + before) - text);
        });
    }

    /// One field whose value comes in pieces.
    void add(std::string_view name, std::initializer_list<std::string_view> pieces);
    /// Replaces all fields of that name.
    void set(std::string_view name, std::string_view value);
    void remove(std::string_view name);

    [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name).data() != nullptr; }

    /// The first value; a view without data when there is none.
    [[nodiscard]] std::string_view find(std::string_view name) const noexcept;

    /// Calls `use(name, value)` for each field.
    template <class Use>
    void for_each(Use&& use) const {
        for (std::size_t at = 0; at < text_.size();) {
            const std::size_t colon = text_.find(':', at);
            const std::size_t end = text_.find('\r', colon);
            const std::string_view all(text_);
            use(all.substr(at, colon - at), all.substr(colon + 2, end - colon - 2));
            at = end + 2;
        }
    }

    [[nodiscard]] std::string_view text() const noexcept { return text_; }

    void clear() noexcept { text_.clear(); }

private:
    /// Offset of the first line of that name at or after `from`; npos when there is none.
    [[nodiscard]] std::size_t line_of(std::string_view name, std::size_t from) const noexcept;

    std::string text_;
};

}  // namespace flotilla::http
