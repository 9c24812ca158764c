#pragma once
/// A program of many parts: the first argument says which of them this process is.
///
///     constexpr Role roles[] = {{"registry", "service registry, speaks Eureka", run_registry}};
///     int main(int argc, char** argv) { return run(argc, argv, roles); }

#include <span>
#include <string>
#include <string_view>

namespace flotilla::service {

struct Role {
    std::string_view name;
    std::string_view purpose;
    /// `argv[0]` is the program with the role; the rest are the role's arguments. The exit code.
    int (*run)(int argc, const char* const* argv);
};

/// What a command line asks for.
struct Choice {
    const Role* role = nullptr;  ///< null: `text` is the whole answer
    std::string text;
    int exit_code = 0;  ///< 2 for a command line that is not understood
};

Choice choose(
    std::string_view program, std::span<const std::string_view> arguments, std::span<const Role> roles
);

/// Runs the role that was named; answers `--help` and `--version` itself.
int run(int argc, const char* const* argv, std::span<const Role> roles);

}  // namespace flotilla::service
