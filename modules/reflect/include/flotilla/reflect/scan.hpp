#pragma once
/// JSON text straight into described types, in one pass and without a document between: the way that
/// ordinary documents take. A Scanner knows no errors. Where something is unusual (a number in quotes, a null
/// in place of a text, a `\u` escape, what is no JSON at all) it gives up, and the text is read again through
/// a Document, which decides what it means or what is wrong about it. What a scanner does read is what the
/// Document would have given.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/options.hpp"
#include "flotilla/reflect/read.hpp"
#include "flotilla/reflect/secret.hpp"
#include "flotilla/reflect/types.hpp"

namespace flotilla::reflect::detail {

class Scanner;

/// How one member of a struct is read into the struct at `object`.
struct MemberScanner {
    std::string_view key;  ///< `"productId":`
    const char* (*scan)(Scanner&, const char* at, void* object);
};

/// Reads one text. Every function begins at a place and gives the one behind what it has read, or null.
class Scanner {
public:
    Scanner(std::string_view text, const Limits& limits, const Leniency& leniency) noexcept
        : text_(text),
          end_(text.data() + text.size()),
          depth_(limits.depth),
          depth_left_(limits.depth),
          leniency_(leniency) {}

    [[nodiscard]] const char* begin() const noexcept { return text_.data(); }

    /// Nothing follows but blanks, and what was read is UTF-8.
    [[nodiscard]] bool ends(const char* at) const noexcept;

    [[nodiscard]] const char* skip_blanks(const char* at) const noexcept {
        return at != end_ && *at > ' ' ? at : skip_some_blanks(at);
    }

    /// The next character is that one, blanks before it aside.
    [[nodiscard]] const char* take(const char* at, char c) const noexcept {
        at = skip_blanks(at);
        return at != end_ && *at == c ? at + 1 : nullptr;
    }

    /// Likewise a word, but no blanks.
    [[nodiscard]] const char* take_word(const char* at, std::string_view word) const noexcept {
        if (static_cast<std::size_t>(end_ - at) < word.size()) return nullptr;
        return std::memcmp(at, word.data(), word.size()) == 0 ? at + word.size() : nullptr;
    }

    [[nodiscard]] const char* take_null(const char* at) const noexcept {
        return take_word(skip_blanks(at), "null");
    }

    [[nodiscard]] const char* boolean(const char* at, bool& out) const noexcept;
    /// At most 18 digits.
    [[nodiscard]] const char* integer(const char* at, std::int64_t& out) const noexcept;
    [[nodiscard]] const char* number(const char* at, double& out) const noexcept;
    [[nodiscard]] const char* string(const char* at, std::string& out);
    /// A text without escapes, where it stands.
    [[nodiscard]] const char* plain_text(const char* at, std::string_view& out) noexcept;
    [[nodiscard]] const char* enumerator(
        const char* at, std::span<const EnumText> texts, std::int64_t& out
    ) noexcept;
    /// The members of an object from one of them to its end, in any order.
    [[nodiscard]] const char* members(const char* at, std::span<const MemberScanner> members, void* object);

    /// Into an array or object, within the limit of depth.
    [[nodiscard]] const char* enter(const char* at, char bracket) noexcept {
        if (depth_left_ == 0) return nullptr;
        at = take(at, bracket);
        if (at != nullptr) --depth_left_;
        return at;
    }

    /// Out of it, when its bracket comes now.
    [[nodiscard]] const char* leave(const char* at, char bracket) noexcept {
        at = take(at, bracket);
        if (at != nullptr) ++depth_left_;
        return at;
    }

    /// The next value, of any kind, through a document of its own.
    template <class T>
    [[nodiscard]] const char* through_document(const char* at, T& out) {
        const auto document = next_document(at);
        if (!document) return nullptr;
        Reader reader(leniency_);
        return read_value(reader, document->root(), out) ? at : nullptr;
    }

    struct Next {
        const char* at;
        bool more;  ///< at the next element or member; otherwise behind the closing bracket, or nowhere
    };

    /// From the end of an element or member.
    [[nodiscard]] Next next(const char* at, char bracket) noexcept {
        if (end_ - at >= 2 && at[0] == ',' && at[1] > ' ') return {at + 1, true};
        return next_or_end(at, bracket);
    }

    /// How many elements a list may have, of which there is one: a guess from its length and what is left.
    [[nodiscard]] std::size_t expected_elements(const char* first, const char* first_end) const noexcept;

private:
    const char* skip_some_blanks(const char* at) const noexcept;
    Next next_or_end(const char* at, char bracket) noexcept;
    const char* text_end(const char* at) noexcept;
    const char* value_end(const char* at) noexcept;
    const char* unescape(const char* at, std::string& out);
    const char* skip_value(const char* at);
    /// `at` is set to the end of it.
    Result<Document> next_document(const char*& at);

    std::string_view text_;
    const char* end_;
    std::size_t depth_;
    std::size_t depth_left_;
    bool any_non_ascii_ = false;
    const Leniency& leniency_;
};

template <class T>
const char* scan_value(Scanner& scanner, const char* at, T& out);

template <class T, class F>
const char* scan_field(Scanner& scanner, const char* at, void* object) {
    return scan_value(scanner, at, static_cast<T*>(object)->*F::pointer);
}

template <Described T>
inline constexpr auto member_scanners = [] {
    std::array<MemberScanner, field_count<T>()> table{};
    std::size_t next = 0;
    for_each_field<T>([&]<class F>(F) { table[next++] = {F::json_key, &scan_field<T, F>}; });
    return table;
}();

/// Members mostly come in the order of the struct, some of them left out, which costs a comparison with a
/// constant each. From the first one on that comes elsewhere they are looked for by name.
template <Described T>
const char* scan_object(Scanner& scanner, const char* at, T& out) {
    at = scanner.enter(at, '{');
    if (at == nullptr) return nullptr;
    if (const char* const end = scanner.leave(at, '}')) return end;
    Scanner::Next place{scanner.skip_blanks(at), true};
    for_each_field<T>([&]<class F> [[gnu::always_inline]] (F) {
        if (!place.more) return;
        const char* const value = scanner.take_word(place.at, F::json_key);
        if (value == nullptr) return;
        const char* const end = scan_value(scanner, value, out.*F::pointer);
        place = end == nullptr ? Scanner::Next{nullptr, false} : scanner.next(end, '}');
    });
    return place.more ? scanner.members(place.at, member_scanners<T>, &out) : place.at;
}

template <class T>
const char* scan_integer(Scanner& scanner, const char* at, T& out) {
    std::int64_t value = 0;
    at = scanner.integer(at, value);
    if (at == nullptr || !std::in_range<T>(value)) return nullptr;
    out = static_cast<T>(value);
    return at;
}

/// One element of a list, at its end.
template <class T>
const char* scan_element(Scanner& scanner, const char* at, T& list) {
    using Element = typename T::value_type;
    if constexpr (requires {
                      { list.emplace_back() } -> std::same_as<Element&>;
                  }) {
        return scan_value(scanner, at, list.emplace_back());
    } else {
        Element value{};
        at = scan_value(scanner, at, value);
        if (at != nullptr) list.insert(list.end(), std::move(value));
        return at;
    }
}

template <class T>
const char* scan_list(Scanner& scanner, const char* at, T& out) {
    constexpr bool has_memory = requires { out.reserve(out.capacity()); };
    at = scanner.enter(at, '[');
    if (at == nullptr) return nullptr;
    out.clear();
    if (const char* const end = scanner.leave(at, ']')) return end;
    Scanner::Next place{at, true};
    if constexpr (has_memory) {
        // The first one tells how much memory all will take.
        typename T::value_type first{};
        const char* const first_end = scan_value(scanner, at, first);
        if (first_end == nullptr) return nullptr;
        place = scanner.next(first_end, ']');
        out.reserve(place.more ? scanner.expected_elements(at, first_end) : 1);
        out.push_back(std::move(first));
    }
    while (place.more) {
        at = scan_element(scanner, place.at, out);
        if (at == nullptr) return nullptr;
        place = scanner.next(at, ']');
    }
    if constexpr (has_memory) {
        if (out.capacity() / 2 > out.size()) out.shrink_to_fit();
    }
    return place.at;
}

template <class T>
const char* scan_map(Scanner& scanner, const char* at, T& out) {
    at = scanner.enter(at, '{');
    if (at == nullptr) return nullptr;
    out.clear();
    if (const char* const end = scanner.leave(at, '}')) return end;
    Scanner::Next place{at, true};
    while (place.more) {
        std::string key;
        at = scanner.string(place.at, key);
        if (at != nullptr) at = scanner.take(at, ':');
        if (at != nullptr) at = scan_value(scanner, at, out[std::move(key)]);
        if (at == nullptr) return nullptr;
        place = scanner.next(at, '}');
    }
    return place.at;
}

template <class T>
const char* scan_text_form(Scanner& scanner, const char* at, T& out) {
    std::string text;
    at = scanner.string(at, text);
    if (at == nullptr) return nullptr;
    auto value = TextForm<T>::parse(text);
    if (!value) return nullptr;
    out = *std::move(value);
    return at;
}

/// Reads over `out`, which is left half read when it gives up.
template <class T>
const char* scan_value(Scanner& scanner, const char* at, T& out) {
    if constexpr (is_optional<T>) {
        if (const char* const end = scanner.take_null(at)) return out = std::nullopt, end;
        return scan_value(scanner, at, out.emplace());
    } else if constexpr (is_smart_pointer<T>) {
        if (const char* const end = scanner.take_null(at)) return out = nullptr, end;
        auto value = std::make_unique<std::remove_const_t<typename T::element_type>>();
        at = scan_value(scanner, at, *value);
        out = std::move(value);
        return at;
    } else if constexpr (HasTextForm<T>) {
        return scan_text_form(scanner, at, out);
    } else if constexpr (std::same_as<T, bool>) {
        return scanner.boolean(at, out);
    } else if constexpr (std::integral<T>) {
        return scan_integer(scanner, at, out);
    } else if constexpr (std::same_as<T, double>) {
        return scanner.number(at, out);
    } else if constexpr (std::same_as<T, std::string>) {
        return scanner.string(at, out);
    } else if constexpr (std::same_as<T, Secret>) {
        std::string text;
        at = scanner.string(at, text);
        out = Secret(std::move(text));
        return at;
    } else if constexpr (DescribedEnum<T>) {
        std::int64_t value = 0;
        at = scanner.enumerator(at, enum_texts<T>, value);
        out = static_cast<T>(value);
        return at;
    } else if constexpr (MapLike<T> &&
                         requires { requires std::same_as<typename T::key_type, std::string>; }) {
        return scan_map(scanner, at, out);
    } else if constexpr (SequenceLike<T> && !is_std_array<T>) {
        return scan_list(scanner, at, out);
    } else if constexpr (Described<T>) {
        return scan_object(scanner, at, out);
    } else {
        return scanner.through_document(at, out);
    }
}

/// False when the text must be read through a Document instead, into a new value.
template <class T>
bool scan_json(std::string_view text, const Limits& limits, const Leniency& leniency, T& out) {
    if constexpr (std::same_as<T, Json> || is_variant<T>) {
        return false;
    } else {
        // Text with fewer characters than there may be values needs no counting.
        if (text.size() > std::min(limits.bytes, limits.elements) || leniency.merge_maps) return false;
        Scanner scanner(text, limits, leniency);
        const char* const end = scan_value(scanner, scanner.begin(), out);
        return end != nullptr && scanner.ends(end);
    }
}

}  // namespace flotilla::reflect::detail
