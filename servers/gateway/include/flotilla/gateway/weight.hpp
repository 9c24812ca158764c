#pragma once
/// Traffic in parts: `Weight=group, 8` and `Weight=group, 2`.

#include <cstdint>
#include <string>

#include "flotilla/gateway/predicate.hpp"

namespace flotilla::gateway {

/// Its share is only known once all routes of the group are: the table sets it before the first request.
class WeightPredicate final : public Predicate {
public:
    WeightPredicate(std::string group, std::uint32_t weight) : group_(std::move(group)), weight_(weight) {}

    [[nodiscard]] bool test(Exchange& exchange) const override {
        const double drawn = exchange.drawn(number_);
        return drawn >= from_ && drawn < to_;
    }

    [[nodiscard]] std::string text() const override;

    [[nodiscard]] const std::string& group() const noexcept { return group_; }

    [[nodiscard]] std::uint32_t weight() const noexcept { return weight_; }

    /// `[from, to)` of the numbers that are drawn for the group.
    void assign(std::uint32_t group_number, double from, double to) const noexcept {
        number_ = group_number;
        from_ = from;
        to_ = to;
    }

private:
    std::string group_;
    std::uint32_t weight_;
    // Written once, by the table that this predicate is compiled into, before anybody reads it.
    mutable std::uint32_t number_ = 0;
    mutable double from_ = 0;
    mutable double to_ = 0;
};

}  // namespace flotilla::gateway
