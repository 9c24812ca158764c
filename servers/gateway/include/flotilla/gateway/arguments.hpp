#pragma once
/// The arguments of a predicate or filter, matched to the names that it knows. A name that it does not know,
/// and a value too many, is an error that tells what there is.
///
///     FLT_TRY(const Arguments args, Arguments::of(definition, {.order = {"name", "regexp"}, .optional =
///     {"regexp"}})); const std::string name = args.text("name");

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/gateway/route_definition.hpp"
#include "flotilla/gateway/text_pattern.hpp"

namespace flotilla::gateway {

/// How the values of the short form find their names.
enum class Shortcut : std::uint8_t {
    positional,
    list,                 ///< all of them are the first name's
    list_with_tail_flag,  ///< the same, but a last `true` or `false` is the second name's
};

struct ArgumentNames {
    Shortcut shortcut = Shortcut::positional;
    std::vector<std::string> order{};     ///< of the short form
    std::vector<std::string> more{};      ///< by name alone; `retry.*` takes all below
    std::vector<std::string> optional{};  ///< of `order`; the rest must be there
};

class Arguments {
public:
    static Result<Arguments> of(const ComponentDefinition& definition, const ArgumentNames& names);

    [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

    /// Empty when it is not there.
    [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise = {}) const;
    /// `a,b`, or `name.0`, `name.1`.
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const;

    [[nodiscard]] Result<std::int64_t> integer(
        std::string_view name,
        std::int64_t otherwise,
        std::int64_t least = std::numeric_limits<std::int64_t>::min(),
        std::int64_t most = std::numeric_limits<std::int64_t>::max()
    ) const;
    [[nodiscard]] Result<double> number(std::string_view name, double otherwise) const;
    [[nodiscard]] Result<bool> flag(std::string_view name, bool otherwise) const;
    [[nodiscard]] Result<Bytes> bytes(std::string_view name, Bytes otherwise) const;
    [[nodiscard]] Result<Duration> duration(std::string_view name, Duration otherwise) const;
    [[nodiscard]] Result<TextPattern> pattern(std::string_view name) const;

    /// All below a prefix, with what stands after it.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> below(std::string_view prefix) const;

private:
    struct Value {
        std::string name;  ///< uniform: without dashes, in lower case
        std::string written;
        std::string text;
    };

    [[nodiscard]] const Value* find(std::string_view name) const;
    [[nodiscard]] Error wrong(std::string_view name, std::string_view what) const;

    std::vector<Value> values_;
};

/// The status of a text: a number, or the name that Spring has for it (`UNAUTHORIZED`).
Result<int> parse_status(std::string_view text);

}  // namespace flotilla::gateway
