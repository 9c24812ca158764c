#pragma once
/// Host patterns with a dot between labels: `**.example.org`, `{sub}.example.org`, `api.*.org:8443`.

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/gateway/variables.hpp"

namespace flotilla::gateway {

/// Compares without regard to case. Immutable.
class HostPattern {
public:
    static Result<HostPattern> parse(std::string_view text);

    /// With its port and without it: one of the two must match.
    [[nodiscard]] bool match(std::string_view host, Variables& variables) const;

    /// No wildcards: what an index can look for; in lower case.
    [[nodiscard]] bool is_literal() const noexcept { return literal_; }

    [[nodiscard]] const std::string& lower() const noexcept { return lower_; }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    [[nodiscard]] bool match_labels(
        std::size_t label, std::string_view host, bool ended, Variables& variables
    ) const;

    std::string text_;
    std::string lower_;
    std::vector<std::string> labels_;  // as written, so that names keep their case
    bool literal_ = true;
};

/// `example.org:8080` and `[::1]:8080` without the port.
std::string_view host_without_port(std::string_view host) noexcept;

}  // namespace flotilla::gateway
