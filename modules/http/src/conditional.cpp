#include "flotilla/http/conditional.hpp"

#include <algorithm>
#include <chrono>

#include "flotilla/base/text.hpp"
#include "flotilla/http/http_date.hpp"
#include "quoted.hpp"

namespace flotilla::http {
namespace {

enum class Comparison : std::uint8_t { strong, weak };

// Whether a list of entity tags, or `*`, has the one of the content.
bool lists_tag(const Fields& fields, KnownField known, const Validators& validators, Comparison comparison) {
    const auto own = EntityTag::parse(validators.etag);
    bool found = false;
    fields.for_each(known, [&](std::string_view list) {
        if (trim(list) == "*") found = found || validators.exists;
        while (!list.empty() && own && validators.exists) {
            const auto tag = EntityTag::parse(detail::take_part(list, ','));
            if (!tag) continue;
            found = found || (comparison == Comparison::strong ? own->strongly_equals(*tag)
                                                               : own->weakly_equals(*tag));
        }
    });
    return found;
}

std::optional<WallTime> date_of(const Fields& fields, KnownField known, WallTime now) {
    if (fields.count(known) != 1) return std::nullopt;
    return parse_http_date(fields.get(known), now);
}

std::optional<WallTime> whole_seconds(std::optional<WallTime> time) {
    if (!time) return std::nullopt;
    return WallTime(std::chrono::floor<std::chrono::seconds>(*time));
}

// One of `0-499`, `9500-` and `-500`. `satisfiable` is false for one that lies past the end.
bool parse_one_range(std::string_view text, std::uint64_t size, ByteRange& range, bool& satisfiable) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return false;
    const std::string_view before = text.substr(0, dash);
    const std::string_view after = text.substr(dash + 1);
    const auto first = parse_integer<std::uint64_t>(before);
    const auto last = parse_integer<std::uint64_t>(after);
    if ((!before.empty() && !first) || (!after.empty() && !last) || (before.empty() && after.empty()))
        return false;
    if (!first) {
        satisfiable = *last > 0 && size > 0;
        if (satisfiable) range = {size - std::min(*last, size), size - 1};
        return true;
    }
    if (last && *last < *first) return false;
    satisfiable = *first < size;
    if (satisfiable) range = {*first, last ? std::min(*last, size - 1) : size - 1};
    return true;
}

bool overlap(std::vector<ByteRange> ranges) {
    std::ranges::sort(ranges, {}, &ByteRange::first);
    return std::ranges::adjacent_find(ranges, [](const ByteRange& a, const ByteRange& b) {
               return b.first <= a.last;
           }) != ranges.end();
}

}  // namespace

std::optional<EntityTag> EntityTag::parse(std::string_view text) noexcept {
    EntityTag tag;
    tag.weak = text.starts_with("W/");
    if (tag.weak) text.remove_prefix(2);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
    tag.opaque = text.substr(1, text.size() - 2);
    const bool valid = std::ranges::all_of(tag.opaque, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet > 0x20 && octet != 0x7f && c != '"';
    });
    return valid ? std::optional(tag) : std::nullopt;
}

Precondition check_preconditions(
    Method method, const Fields& fields, const Validators& validators, WallTime now
) {
    const auto modified = whole_seconds(validators.last_modified);
    if (fields.contains(KnownField::if_match)) {
        if (!lists_tag(fields, KnownField::if_match, validators, Comparison::strong))
            return Precondition::failed;
    } else if (const auto since = date_of(fields, KnownField::if_unmodified_since, now)) {
        if (modified && *modified > *since) return Precondition::failed;
    }
    const bool reads = method == Method::get || method == Method::head;
    if (fields.contains(KnownField::if_none_match)) {
        if (lists_tag(fields, KnownField::if_none_match, validators, Comparison::weak)) {
            return reads ? Precondition::not_modified : Precondition::failed;
        }
    } else if (const auto since = date_of(fields, KnownField::if_modified_since, now); since && reads) {
        if (modified && *modified <= *since) return Precondition::not_modified;
    }
    return Precondition::proceed;
}

RangeChoice parse_range(std::string_view range, std::uint64_t size, std::size_t most_ranges) {
    using Kind = RangeChoice::Kind;
    constexpr std::string_view unit = "bytes=";
    if (!istarts_with(range, unit)) return {};
    range.remove_prefix(unit.size());
    RangeChoice choice;
    std::size_t seen = 0;
    while (!range.empty()) {
        const std::string_view part = detail::take_part(range, ',');
        if (part.empty()) continue;
        ByteRange each;
        bool satisfiable = false;
        if (++seen > most_ranges || !parse_one_range(part, size, each, satisfiable)) return {};
        if (satisfiable) choice.ranges.push_back(each);
    }
    if (seen == 0 || overlap(choice.ranges)) return {};
    choice.kind = choice.ranges.empty() ? Kind::unsatisfiable : Kind::partial;
    return choice;
}

RangeChoice choose_range(
    Method method, const Fields& fields, const Validators& validators, std::uint64_t size, WallTime now
) {
    if (method != Method::get || fields.count(KnownField::range) != 1) return {};
    if (fields.contains(KnownField::if_range)) {
        const std::string_view condition = fields.get(KnownField::if_range);
        if (const auto tag = EntityTag::parse(condition)) {
            const auto own = EntityTag::parse(validators.etag);
            if (!own || !own->strongly_equals(*tag)) return {};
        } else {
            const auto date = parse_http_date(condition, now);
            if (!date || date != whole_seconds(validators.last_modified)) return {};
        }
    }
    return parse_range(fields.get(KnownField::range), size);
}

std::string content_range(ByteRange range, std::uint64_t size) {
    return "bytes " + std::to_string(range.first) + '-' + std::to_string(range.last) + '/' +
           std::to_string(size);
}

std::string unsatisfied_content_range(std::uint64_t size) {
    return "bytes */" + std::to_string(size);
}

}  // namespace flotilla::http
