#include "flotilla/service/roles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "flotilla/base/text.hpp"
#include "version.hpp"

namespace flotilla::service {

namespace {

constexpr int misunderstood = 2;

std::string usage(std::string_view program, std::span<const Role> roles) {
    std::string text = fmt::format(
        "usage: {0} <role> [--some.property=value ...]\n"
        "       {0} <role> --help\n"
        "       {0} --help | --version\n",
        program
    );
    if (!roles.empty()) text += "\nroles:\n";
    for (const Role& role : roles) text += fmt::format("  {:<14} {}\n", role.name, role.purpose);
    return text;
}

std::string unknown(std::string_view program, std::string_view word, std::span<const Role> roles) {
    std::vector<std::string> names;
    for (const Role& role : roles) names.emplace_back(role.name);
    const bool option = word.starts_with('-');
    std::string text = fmt::format("{}: no such {}: {}", program, option ? "option" : "role", word);
    if (const auto nearest = nearest_word(word, names)) text += fmt::format(", did you mean '{}'?", *nearest);
    return text + fmt::format(" ({} --help)\n", program);
}

}  // namespace

Choice choose(
    std::string_view program, std::span<const std::string_view> arguments, std::span<const Role> roles
) {
    if (arguments.empty()) return {.text = usage(program, roles), .exit_code = misunderstood};
    const std::string_view first = arguments.front();
    if (first == "--help" || first == "-h" || first == "help") return {.text = usage(program, roles)};
    if (first == "--version") return {.text = version_text(std::string(program), version()) + '\n'};
    const auto role = std::ranges::find(roles, first, &Role::name);
    if (role != roles.end()) return {.role = &*role, .text = {}};
    return {.text = unknown(program, first, roles), .exit_code = misunderstood};
}

int run(int argc, const char* const* argv, std::span<const Role> roles) {
    const std::vector<std::string_view> arguments(argv + std::min(argc, 1), argv + argc);
    const Choice choice = choose("flotilla", arguments, roles);
    if (choice.role != nullptr) return choice.role->run(argc - 1, argv + 1);
    std::fputs(choice.text.c_str(), choice.exit_code == 0 ? stdout : stderr);
    return choice.exit_code;
}

}  // namespace flotilla::service
