#include "flotilla/shop/driver/mix.hpp"

#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/types.hpp"

namespace flotilla::shop::driver {

std::string_view name_of(Operation operation) {
    return reflect::enum_text(operation);
}

Result<Mix> Mix::parse(std::string_view text) {
    constexpr std::uint32_t largest = 1'000'000;
    Mix mix;
    for (const std::string_view part : split_list(text)) {
        const std::size_t equals = part.find('=');
        const auto operation = reflect::enum_from_text<Operation>(trim(part.substr(0, equals)));
        if (!operation || *operation == Operation::enroll)
            return fail(
                Errc::invalid_argument,
                fmt::format("mix: {} is none of browse, login, order, detail", part.substr(0, equals))
            );
        const auto weight =
            equals == part.npos ? std::nullopt : parse_integer<std::uint32_t>(trim(part.substr(equals + 1)));
        if (!weight || *weight > largest)
            return fail(Errc::invalid_argument, fmt::format("mix: {} wants a weight, as in browse=65", part));
        mix.total_ += *weight - mix.weight(*operation);
        mix.weights_[static_cast<std::size_t>(*operation)] = *weight;
    }
    if (mix.total_ == 0) return fail(Errc::invalid_argument, "mix: no operation has a weight");
    return mix;
}

Operation Mix::pick(Random& random) const noexcept {
    std::uint64_t left = random.below(total_);
    for (const Operation operation : all_operations) {
        if (left < weight(operation)) return operation;
        left -= weight(operation);
    }
    return Operation::browse;
}

}  // namespace flotilla::shop::driver
