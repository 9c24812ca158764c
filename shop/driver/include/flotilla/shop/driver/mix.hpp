#pragma once
/// What the users of a load run do, and how often.

#include <array>
#include <cstdint>
#include <string_view>

#include "flotilla/base/random.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop::driver {

enum class Operation : std::uint8_t { enroll, login, browse, order, detail };

FLT_DESCRIBE_ENUM(Operation, (enroll, "register"), login, browse, order, detail)

inline constexpr std::array all_operations{
    Operation::enroll, Operation::login, Operation::browse, Operation::order, Operation::detail
};

std::string_view name_of(Operation operation);

/// Weights of operations. A value.
class Mix {
public:
    /// `browse=65,login=2,order=15,detail=18`: any weights, of which at least one is not zero. Every user
    /// registers once, whatever the mix, so `register` is no part of it.
    static Result<Mix> parse(std::string_view text);

    [[nodiscard]] Operation pick(Random& random) const noexcept;

    [[nodiscard]] std::uint32_t weight(Operation operation) const noexcept {
        return weights_[static_cast<std::size_t>(operation)];
    }

private:
    std::array<std::uint32_t, all_operations.size()> weights_{};
    std::uint32_t total_ = 0;
};

}  // namespace flotilla::shop::driver
