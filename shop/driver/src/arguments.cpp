#include "flotilla/shop/driver/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace flotilla::shop::driver {

namespace {

std::unexpected<Error> unknown(std::string_view name, const std::vector<OptionInfo>& known) {
    std::vector<std::string> names;
    for (const OptionInfo& option : known) names.push_back(option.name);
    const auto near = nearest_word(name, names);
    return fail(
        Errc::invalid_argument,
        fmt::format("unknown option --{}{}", name, near ? ", meant --" + *near + "?" : "")
    );
}

}  // namespace

Result<reflect::Json> read_arguments(
    std::span<const std::string_view> words, const std::vector<OptionInfo>& known
) {
    reflect::Json values = reflect::Json::object();
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string_view word = words[i];
        if (!word.starts_with("--"))
            return fail(Errc::invalid_argument, fmt::format("{} is no option; options begin with --", word));
        word.remove_prefix(2);
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const auto option = std::ranges::find(known, name, &OptionInfo::name);
        if (option == known.end()) return unknown(name, known);
        if (equals != word.npos)
            values.set(option->name, word.substr(equals + 1));
        else if (option->flag)
            values.set(option->name, "true");
        else if (i + 1 < words.size() && !words[i + 1].starts_with("--"))
            values.set(option->name, words[++i]);
        else
            return fail(Errc::invalid_argument, fmt::format("--{} wants a value", name));
    }
    return values;
}

std::string list_options(const std::vector<OptionInfo>& options) {
    std::string text;
    for (const OptionInfo& option : options)
        text += fmt::format("  {:<22} {}\n", "--" + option.name + (option.flag ? "" : " ..."), option.doc);
    return text;
}

}  // namespace flotilla::shop::driver
