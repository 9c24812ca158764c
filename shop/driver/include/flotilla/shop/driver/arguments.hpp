#pragma once
/// Command lines of the shop's tools: the options are the fields of a described struct.
///
///     struct LoadOptions { std::uint32_t users = 200; std::chrono::milliseconds think{1000}; bool quiet =
///     false; }; FLT_TRY(const auto options, parse_arguments<LoadOptions>(words));   // --users 50
///     --think=200ms --quiet

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/options.hpp"
#include "flotilla/reflect/validate.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::shop::driver {

struct OptionInfo {
    std::string name;  ///< `max-in-flight`
    std::string_view doc;
    bool flag = false;  ///< wants no value
};

/// `--name value` and `--name=value`; a flag alone is true. What is not known is an error that names the
/// nearest.
Result<reflect::Json> read_arguments(
    std::span<const std::string_view> words, const std::vector<OptionInfo>& known
);

/// One line for each option.
std::string list_options(const std::vector<OptionInfo>& options);

template <reflect::Described T>
std::vector<OptionInfo> options_of() {
    std::vector<OptionInfo> options;
    reflect::for_each_field<T>([&]<class F>(F) {
        options.push_back({to_kebab(F::name), F::options.doc, std::is_same_v<typename F::Type, bool>});
    });
    return options;
}

template <reflect::Described T>
Result<T> parse_arguments(std::span<const std::string_view> words) {
    FLT_TRY(const reflect::Json values, read_arguments(words, options_of<T>()));
    FLT_TRY(T options, reflect::from_value<T>(values, reflect::Leniency::config()));
    if (const auto violations = reflect::validate(options); !violations.empty())
        return fail(Errc::invalid_argument, reflect::describe_violations(violations));
    return options;
}

}  // namespace flotilla::shop::driver
