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
#include <limits>
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
    bool (*scan)(Scanner&, void* object);
};

/// A place in a text. Each function goes on behind what it has read, or returns false; most of these end all.
class Scanner {
public:
    Scanner(std::string_view text, const Limits& limits, const Leniency& leniency) noexcept
        : text_(text),
          at_(text.data()),
          end_(text.data() + text.size()),
          depth_(limits.depth),
          depth_left_(limits.depth),
          leniency_(leniency) {}

    /// Nothing follows but blanks, and what was read is UTF-8.
    [[nodiscard]] bool at_end() noexcept;

    /// The next character is that one, blanks before it aside. If not, nothing has happened.
    [[nodiscard]] bool take(char c) noexcept {
        skip_blanks();
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }

    /// Likewise a word: `null`.
    [[nodiscard]] bool take_word(std::string_view word) noexcept;
    [[nodiscard]] bool boolean(bool& out) noexcept;
    /// Bounds are inclusive.
    [[nodiscard]] bool integer(std::int64_t low, std::int64_t high, std::int64_t& out) noexcept;
    [[nodiscard]] bool number(double& out) noexcept;
    [[nodiscard]] bool string(std::string& out);
    /// A text without escapes, where it stands.
    [[nodiscard]] bool plain_text(std::string_view& out) noexcept;
    [[nodiscard]] bool enumerator(std::span<const EnumText> texts, std::int64_t& out) noexcept;
    [[nodiscard]] bool object(std::span<const MemberScanner> members, void* object);

    /// Into an array or object, within the limit of depth.
    [[nodiscard]] bool enter(char bracket) noexcept {
        if (depth_left_ == 0 || !take(bracket)) return false;
        --depth_left_;
        return true;
    }

    /// Out of it, when its bracket comes now. If not, nothing has happened.
    [[nodiscard]] bool leave(char bracket) noexcept {
        if (!take(bracket)) return false;
        ++depth_left_;
        return true;
    }

    /// The next value, of any kind, through a document of its own.
    template <class T>
    [[nodiscard]] bool through_document(T& out) {
        const auto document = next_document();
        if (!document) return false;
        Reader reader(leniency_);
        return read_value(reader, document->root(), out);
    }

    [[nodiscard]] const char* place() const noexcept { return at_; }

    /// How many elements a list may have whose first one began at `first`: a guess from the text's length.
    [[nodiscard]] std::size_t expected_elements(const char* first) const noexcept;

private:
    void skip_blanks() noexcept {
        while (at_ != end_ && *at_ <= ' ' && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
            ++at_;
    }

    const char* text_end(const char* from) noexcept;
    const char* value_end() noexcept;
    bool unescape(std::string& out);
    bool skip_value();
    Result<Document> next_document();

    std::string_view text_;
    const char* at_;
    const char* end_;
    std::size_t depth_;
    std::size_t depth_left_;
    bool any_non_ascii_ = false;
    const Leniency& leniency_;
};

template <class T>
bool scan_value(Scanner& scanner, T& out);

template <class T, class F>
bool scan_field(Scanner& scanner, void* object) {
    return scan_value(scanner, static_cast<T*>(object)->*F::pointer);
}

template <Described T>
inline constexpr auto member_scanners = [] {
    std::array<MemberScanner, field_count<T>()> table{};
    std::size_t next = 0;
    for_each_field<T>([&]<class F>(F) { table[next++] = {F::json_key, &scan_field<T, F>}; });
    return table;
}();

template <class T>
bool scan_integer(Scanner& scanner, T& out) {
    using Bounds = std::numeric_limits<T>;
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t high =
        std::cmp_less(Bounds::max(), most) ? static_cast<std::int64_t>(Bounds::max()) : most;
    std::int64_t value = 0;
    if (!scanner.integer(static_cast<std::int64_t>(Bounds::min()), high, value)) return false;
    out = static_cast<T>(value);
    return true;
}

template <class T>
bool scan_list(Scanner& scanner, T& out) {
    using Element = typename T::value_type;
    constexpr bool has_memory = requires(T& list) { list.reserve(list.capacity()); };
    if (!scanner.enter('[')) return false;
    T values{};
    if (!scanner.leave(']')) {
        const char* const first = scanner.place();
        do {
            if constexpr (requires {
                              { values.emplace_back() } -> std::same_as<Element&>;
                          }) {
                if (!scan_value(scanner, values.emplace_back())) return false;
            } else {
                Element value{};
                if (!scan_value(scanner, value)) return false;
                values.insert(values.end(), std::move(value));
            }
            if constexpr (has_memory) {
                if (values.size() == 1) values.reserve(scanner.expected_elements(first));
            }
        } while (scanner.take(','));
        if (!scanner.leave(']')) return false;
        if constexpr (has_memory) {
            if (values.capacity() / 2 > values.size()) values.shrink_to_fit();
        }
    }
    out = std::move(values);
    return true;
}

template <class T>
bool scan_map(Scanner& scanner, T& out) {
    if (!scanner.enter('{')) return false;
    out.clear();
    if (scanner.leave('}')) return true;
    do {
        std::string key;
        if (!scanner.string(key) || !scanner.take(':')) return false;
        if (!scan_value(scanner, out[std::move(key)])) return false;
    } while (scanner.take(','));
    return scanner.leave('}');
}

template <class T>
bool scan_text_form(Scanner& scanner, T& out) {
    std::string text;
    if (!scanner.string(text)) return false;
    auto value = TextForm<T>::parse(text);
    if (!value) return false;
    out = *std::move(value);
    return true;
}

/// Reads over `out`, which is left half read when it gives up.
template <class T>
bool scan_value(Scanner& scanner, T& out) {
    if constexpr (is_optional<T>) {
        if (scanner.take_word("null")) return out = std::nullopt, true;
        return scan_value(scanner, out.emplace());
    } else if constexpr (is_smart_pointer<T>) {
        if (scanner.take_word("null")) return out = nullptr, true;
        auto value = std::make_unique<std::remove_const_t<typename T::element_type>>();
        if (!scan_value(scanner, *value)) return false;
        out = std::move(value);
        return true;
    } else if constexpr (HasTextForm<T>) {
        return scan_text_form(scanner, out);
    } else if constexpr (std::same_as<T, bool>) {
        return scanner.boolean(out);
    } else if constexpr (std::integral<T>) {
        return scan_integer(scanner, out);
    } else if constexpr (std::same_as<T, double>) {
        return scanner.number(out);
    } else if constexpr (std::same_as<T, std::string>) {
        return scanner.string(out);
    } else if constexpr (std::same_as<T, Secret>) {
        std::string text;
        if (!scanner.string(text)) return false;
        out = Secret(std::move(text));
        return true;
    } else if constexpr (DescribedEnum<T>) {
        std::int64_t value = 0;
        if (!scanner.enumerator(enum_texts<T>, value)) return false;
        out = static_cast<T>(value);
        return true;
    } else if constexpr (MapLike<T> &&
                         requires { requires std::same_as<typename T::key_type, std::string>; }) {
        return scan_map(scanner, out);
    } else if constexpr (SequenceLike<T> && !is_std_array<T>) {
        return scan_list(scanner, out);
    } else if constexpr (Described<T>) {
        return scanner.object(member_scanners<T>, &out);
    } else {
        return scanner.through_document(out);
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
        return scan_value(scanner, out) && scanner.at_end();
    }
}

}  // namespace flotilla::reflect::detail
