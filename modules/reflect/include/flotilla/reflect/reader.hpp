#pragma once
/// The part of reading that does not depend on the type that is read: scalars with their conversions, members
/// by name, and errors with their path. Templates in read.hpp stand on it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/reflect/tape.hpp"

namespace flotilla::reflect {

class Reader;

/// What is wrong with which value of a document.
struct ReadError {
    using Step = std::variant<std::string, std::size_t>;

    std::vector<Step> path;
    std::string what;  ///< `expected integer, got string`

    /// `/items/3/qty`, RFC 6901
    [[nodiscard]] std::string pointer() const;
    /// `items[3].qty`
    [[nodiscard]] std::string dotted() const;
};

namespace detail {

/// How one member of a struct is read into the struct at `object`.
struct MemberReader {
    std::string_view outside;
    std::string_view name;
    bool (*read)(Reader&, const Node&, void* object);
};

struct EnumText {
    std::string_view name;
    std::string_view outside;
    std::int64_t value;
};

}  // namespace detail

/// Goes through a document once. Each function returns whether it went well; after a failure `error()` tells
/// what was wrong, and the callers on the way up add their step of the path.
class Reader {
public:
    explicit Reader(const Leniency& leniency) : leniency_(leniency) {}

    [[nodiscard]] const Leniency& leniency() const noexcept { return leniency_; }

    [[nodiscard]] bool boolean(const Node& node, bool& out);

    /// Bounds are inclusive.
    [[nodiscard]] bool signed_integer(
        const Node& node, std::int64_t low, std::int64_t high, std::int64_t& out
    ) {
        if (node.tag() == 'l' && node.int64() >= low && node.int64() <= high) {
            out = node.int64();
            return true;
        }
        return other_signed(node, low, high, out);
    }

    [[nodiscard]] bool unsigned_integer(const Node& node, std::uint64_t high, std::uint64_t& out) {
        if (node.tag() == 'l' && node.int64() >= 0 && node.uint64() <= high) {
            out = node.uint64();
            return true;
        }
        return other_unsigned(node, high, out);
    }

    [[nodiscard]] bool number(const Node& node, double& out) {
        if (node.tag() == 'd') {
            out = node.number();
            return true;
        }
        return other_number(node, out);
    }

    [[nodiscard]] bool string(const Node& node, std::string& out) {
        if (node.is_text()) {
            out.assign(node.text());
            return true;
        }
        return other_string(node, out);
    }

    /// `unit` is what a number without a unit means.
    [[nodiscard]] bool duration(const Node& node, Duration unit, Duration& out);
    [[nodiscard]] bool time(const Node& node, WallTime& out);
    [[nodiscard]] bool bytes(const Node& node, Bytes& out);
    [[nodiscard]] bool enumerator(
        const Node& node, std::span<const detail::EnumText> texts, std::int64_t& out
    );
    [[nodiscard]] bool object(const Node& node, std::span<const detail::MemberReader> members, void* object);

    /// The parts of a text where a list is wanted, when the leniency allows that.
    [[nodiscard]] std::optional<std::vector<std::string_view>> list_in_text(const Node& node) const;

    /// Null where no null can be: passed over, leaving the default, or an error.
    [[nodiscard]] bool passes_null(const Node& node) const noexcept {
        return leniency_.coerce_scalars && node.is_null();
    }

    // Failures: all return false.
    bool fail_expected(std::string_view expected, const Node& node);
    bool fail_with(std::string what);
    bool in_member(std::string_view name);
    bool in_element(std::size_t index);

    /// Runs an attempt with other leniency; a failure inside does not count.
    template <class Attempt>
    bool attempt(const Leniency& leniency, Attempt&& attempt) {
        Reader other(leniency);
        return attempt(other);
    }

    /// With the path from the root on.
    [[nodiscard]] ReadError error() const;
    /// `/items/3/qty: expected integer, got string`
    [[nodiscard]] Error pointer_error() const;

private:
    bool other_signed(const Node& node, std::int64_t low, std::int64_t high, std::int64_t& out);
    bool other_unsigned(const Node& node, std::uint64_t high, std::uint64_t& out);
    bool other_number(const Node& node, double& out);
    bool other_string(const Node& node, std::string& out);
    bool unknown_member(std::string_view key, std::span<const detail::MemberReader> members);

    Leniency leniency_;
    ReadError failure_;  // path innermost first
};

/// The name of a node's kind for messages: "object", "array", "string", "integer", "number", "boolean",
/// "null".
std::string_view kind_name(const Node& node) noexcept;

/// Without dashes and underscores, in lower case: two names with the same uniform are the same to relaxed
/// binding.
std::string uniform_name(std::string_view name);

}  // namespace flotilla::reflect
