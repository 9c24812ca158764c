#pragma once
/// Looks for what must never be in a log: password hashes, whole tokens, secrets that somebody names.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::shop::driver {

class LogScan {
public:
    /// Secrets shorter than six characters are left out: they would be found everywhere.
    explicit LogScan(std::vector<std::string> secrets);

    /// What a line gives away, in words that do not repeat it: `a password hash`; nothing for a good line.
    [[nodiscard]] std::optional<std::string> leak_in(std::string_view line) const;

private:
    std::vector<std::string> secrets_;
};

}  // namespace flotilla::shop::driver
