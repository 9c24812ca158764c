#pragma once
/// How much a reader takes (Limits) and how forgiving it is (Leniency).

#include <cstddef>

namespace flotilla::reflect {

/// Bounds on what is read. Exceeding one is `Errc::limit_exceeded`.
struct Limits {
    std::size_t depth = 64;            ///< arrays and objects inside each other
    std::size_t bytes = 16U << 20;     ///< length of the text
    std::size_t elements = 1'000'000;  ///< values and member names in the whole text
    std::size_t aliases = 1'000;       ///< YAML: how often anchors may be repeated
};

/// What a reader lets pass. The defaults are for the wire: what Jackson takes in Spring's default set-up.
struct Leniency {
    /// `"3"` and `2.7` for an integer, a number for a string, `"true"` for a boolean, null for "leave the
    /// default".
    bool coerce_scalars = true;
    /// Members that the struct does not have are skipped; otherwise they are an error that names the nearest
    /// one.
    bool ignore_unknown = true;
    /// Text after the first complete JSON value is ignored.
    bool ignore_trailing_text = false;
    /// `max-items`, `maxItems`, `MAX_ITEMS` and `max_items` are the same name.
    bool relaxed_names = false;
    /// `a, b` is a list of two where a list is wanted; a single value is a list of one.
    bool text_lists = false;
    /// A map keeps the entries that it had before reading (Spring binds maps so); otherwise they are
    /// replaced.
    bool merge_maps = false;

    /// Exactly the declared kinds and members.
    static constexpr Leniency strict() noexcept { return {.coerce_scalars = false, .ignore_unknown = false}; }

    /// Also text after the object, as Spring up to 3.x.
    static constexpr Leniency jackson() noexcept { return {.ignore_trailing_text = true}; }

    /// Query strings and forms: everything is text, lists may be repeated keys or commas.
    static constexpr Leniency form() noexcept { return {.text_lists = true}; }

    /// Configuration: relaxed names, comma lists, and unknown keys are an error.
    static constexpr Leniency config() noexcept {
        return {.ignore_unknown = false, .relaxed_names = true, .text_lists = true, .merge_maps = true};
    }
};

}  // namespace flotilla::reflect
