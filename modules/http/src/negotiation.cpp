#include "flotilla/http/negotiation.hpp"

#include <compare>

#include "flotilla/base/text.hpp"
#include "flotilla/http/message_writer.hpp"
#include "quoted.hpp"

namespace flotilla::http {
namespace {

// A weight in thousandths: `0.8` is 800. Nothing for what is no weight.
std::optional<int> parse_weight(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    int value = (text[0] - '0') * 1000;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    for (std::size_t i = 2, scale = 100; i < text.size(); ++i, scale /= 10) {
        if (!is_ascii_digit(text[i])) return std::nullopt;
        value += (text[i] - '0') * static_cast<int>(scale);
    }
    return value <= 1000 ? std::optional(value) : std::nullopt;
}

// The `q` among parameters; 1000 where there is none.
std::optional<int> weight_of(std::string_view parameters) noexcept {
    std::string_view name;
    std::string_view value;
    while (detail::take_parameter(parameters, name, value)) {
        if (iequals(name, "q")) return parse_weight(value);
    }
    return 1000;
}

// How precisely a range names an offer: 0 for not at all, 1 for `*/*`, 2 for `text/*`, 3 for `text/html`,
// more for each parameter that the offer has too.
int precision(const MediaType& range, const MediaType& offer) {
    if (range.type == "*" && range.subtype == "*") return 1;
    if (!iequals(range.type, offer.type)) return 0;
    if (range.subtype == "*") return 2;
    if (!iequals(range.subtype, offer.subtype)) return 0;
    int points = 3;
    std::string_view rest = range.parameters;
    std::string_view name;
    std::string_view value;
    while (detail::take_parameter(rest, name, value)) {
        if (iequals(name, "q")) break;
        const auto wanted = detail::unquote(value);
        const auto offered = offer.parameter(name);
        if (!wanted || !offered || !iequals(*wanted, *offered)) return 0;
        ++points;
    }
    return points;
}

struct Rank {
    int weight = 0;
    int precision = 0;
    int earliness = 0;  // in the list of the client

    friend auto operator<=>(const Rank&, const Rank&) = default;
};

// The weight of an offer is that of the range that names it most precisely.
Rank rank(std::string_view accept, const MediaType& offer) {
    Rank best;
    int position = 0;
    while (!accept.empty()) {
        const auto range = MediaType::parse(detail::take_part(accept, ','));
        --position;
        if (!range) continue;
        const int points = precision(*range, offer);
        const auto weight = weight_of(range->parameters);
        if (points > best.precision && weight) best = {*weight, points, position};
    }
    return best;
}

std::string joined(const Fields& fields, KnownField known) {
    std::string all;
    fields.for_each(known, [&](std::string_view value) {
        if (!all.empty()) all.append(", ");
        all.append(value);
    });
    return all;
}

}  // namespace

std::optional<MediaType> MediaType::parse(std::string_view text) noexcept {
    std::string_view rest = trim(text);
    const std::string_view essence = detail::take_part(rest, ';');
    const std::size_t slash = essence.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const MediaType media{essence.substr(0, slash), essence.substr(slash + 1), rest};
    if (!is_token(media.type) || !is_token(media.subtype)) return std::nullopt;
    return media;
}

bool MediaType::is(std::string_view wanted_type, std::string_view wanted_subtype) const noexcept {
    return iequals(type, wanted_type) && iequals(subtype, wanted_subtype);
}

bool MediaType::is_json() const noexcept {
    constexpr std::string_view suffix = "+json";
    if (!iequals(type, "application")) return false;
    return iequals(subtype, "json") || (subtype.size() > suffix.size() &&
                                        iequals(subtype.substr(subtype.size() - suffix.size()), suffix));
}

std::optional<std::string> MediaType::parameter(std::string_view name) const {
    std::string_view rest = parameters;
    std::string_view each;
    std::string_view value;
    while (detail::take_parameter(rest, each, value)) {
        if (iequals(each, name)) return detail::unquote(value);
    }
    return std::nullopt;
}

std::optional<std::string> MediaType::charset() const {
    const auto value = parameter("charset");
    return value ? std::optional(to_lower(*value)) : std::nullopt;
}

std::optional<std::size_t> best_media_type(
    std::string_view accept, std::span<const std::string_view> offers
) {
    if (offers.empty()) return std::nullopt;
    if (trim(accept).empty()) return 0;
    std::optional<std::size_t> best;
    Rank best_rank;
    for (std::size_t i = 0; i < offers.size(); ++i) {
        const auto offer = MediaType::parse(offers[i]);
        if (!offer) continue;
        const Rank each = rank(accept, *offer);
        if (each.weight == 0 || (best && each <= best_rank)) continue;
        best = i;
        best_rank = each;
    }
    return best;
}

std::optional<std::size_t> best_media_type(const Fields& fields, std::span<const std::string_view> offers) {
    if (fields.count(KnownField::accept) <= 1) return best_media_type(fields.get(KnownField::accept), offers);
    return best_media_type(joined(fields, KnownField::accept), offers);
}

std::optional<ContentCoding> best_content_coding(std::string_view accept_encoding) {
    if (trim(accept_encoding).empty()) return ContentCoding::identity;
    std::optional<int> gzip;
    std::optional<int> identity;
    std::optional<int> others;
    std::string_view rest = accept_encoding;
    while (!rest.empty()) {
        std::string_view parameters = detail::take_part(rest, ',');
        const std::string_view coding = detail::take_part(parameters, ';');
        const auto weight = weight_of(parameters);
        if (!weight) continue;
        if (iequals(coding, "gzip") || iequals(coding, "x-gzip")) gzip = weight;
        if (iequals(coding, "identity")) identity = weight;
        if (coding == "*") others = weight;
    }
    // Identity is acceptable unless it is refused, but only as the last resort where it is not named.
    const bool identity_refused = identity ? *identity == 0 : others == 0;
    const int gzip_weight = gzip.value_or(others.value_or(0));
    const int identity_weight = identity.value_or(0);
    if (gzip_weight > 0 && gzip_weight >= identity_weight) return ContentCoding::gzip;
    if (identity_refused) return std::nullopt;
    return ContentCoding::identity;
}

std::optional<ContentCoding> best_content_coding(const Fields& fields) {
    if (fields.count(KnownField::accept_encoding) <= 1) {
        return best_content_coding(fields.get(KnownField::accept_encoding));
    }
    return best_content_coding(joined(fields, KnownField::accept_encoding));
}

}  // namespace flotilla::http
