#pragma once
/// The fields of a message on its way through the gateway, as filters read and change them.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/header_block.hpp"

namespace flotilla::gateway {

/// Names are compared without regard to case. A name that is no token, and a value with a control octet,
/// never gets into a message: `add` and `set` return false.
class Headers {
public:
    explicit Headers(http::HeaderBlock& block) noexcept : block_(&block) {}

    [[nodiscard]] bool contains(std::string_view name) const noexcept { return block_->contains(name); }

    /// The first value; empty when there is none. Valid until the next change.
    [[nodiscard]] std::string_view get(std::string_view name) const noexcept { return block_->find(name); }

    [[nodiscard]] std::vector<std::string> values(std::string_view name) const;

    bool add(std::string_view name, std::string_view value);
    /// In place of all of that name.
    bool set(std::string_view name, std::string_view value);
    /// The same with several values, in order.
    void replace(std::string_view name, const std::vector<std::string>& values);

    void remove(std::string_view name) { block_->remove(name); }

    /// Calls `use(name, value)` for each.
    template <class Use>
    void for_each(Use&& use) const {
        block_->for_each(std::forward<Use>(use));
    }

    /// Whether a message may carry it.
    static bool valid(std::string_view name, std::string_view value) noexcept;

private:
    http::HeaderBlock* block_;
};

/// The text, if a message may have a field of that name.
Result<std::string> header_name(std::string text);

}  // namespace flotilla::gateway
