#include "random_values.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>

#include "flotilla/base/text.hpp"

namespace flotilla::config::detail {

namespace {

/// In `(10)`, `[5,10]` or `(5,10)`: the least value and the one above the greatest.
std::optional<std::string> in_range(std::string_view range, Random& random) {
    const bool round = range.front() == '(' && range.back() == ')';
    const bool square = range.front() == '[' && range.back() == ']';
    if (range.size() < 3 || (!round && !square)) return std::nullopt;
    const auto bounds = split_list(range.substr(1, range.size() - 2));
    if (bounds.empty() || bounds.size() > 2) return std::nullopt;
    const auto low =
        bounds.size() == 2 ? parse_integer<std::int64_t>(bounds.front()) : std::optional<std::int64_t>(0);
    const auto high = parse_integer<std::int64_t>(bounds.back());
    if (!low || !high || *low >= *high) return std::nullopt;
    const std::uint64_t width = static_cast<std::uint64_t>(*high) - static_cast<std::uint64_t>(*low);
    return fmt::format(
        "{}", static_cast<std::int64_t>(static_cast<std::uint64_t>(*low) + random.below(width))
    );
}

}  // namespace

std::optional<std::string> random_value(std::string_view name, Random& random) {
    constexpr std::string_view prefix = "random.";
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    if (name == "value") return fmt::format("{:016x}{:016x}", random(), random());
    if (name == "int") return fmt::format("{}", static_cast<std::int32_t>(random() >> 32));
    if (name == "long") return fmt::format("{}", static_cast<std::int64_t>(random()));
    if (name == "uuid") {
        const std::uint64_t high = (random() & 0xFFFFFFFFFFFF0FFF) | 0x4000;
        const std::uint64_t low = (random() & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000;
        return fmt::format(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFFF,
            low >> 48,
            low & 0xFFFFFFFFFFFF
        );
    }
    for (const std::string_view kind : {"int", "long"}) {
        if (name.size() > kind.size() && name.starts_with(kind))
            return in_range(name.substr(kind.size()), random);
    }
    return std::nullopt;
}

}  // namespace flotilla::config::detail
