#pragma once
/// Where the orders of a user are: `http://ORDER-SERVICE/order-service/%s/orders`, `%s` for his id. Pure.

#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::shop::user {

/// A URL with a place for the user's id.
class OrdersUrl {
public:
    /// `pattern` has one `%s`. A `$s`, or no place at all, is a mistake that only a person can correct;
    /// underscores in the name of the host become hyphens.
    static Result<OrdersUrl> of(std::string pattern);

    [[nodiscard]] std::string of_user(std::string_view user_id) const;

    /// The name as it should have been written; empty when all was well.
    [[nodiscard]] const std::string& corrected_host() const noexcept { return corrected_host_; }

private:
    OrdersUrl() = default;

    std::string pattern_;
    std::string corrected_host_;
};

/// `/order-service/{userId}/orders` with the id in its place and without the first slash.
Result<std::string> orders_path(std::string_view pattern, std::string_view user_id);

}  // namespace flotilla::shop::user
