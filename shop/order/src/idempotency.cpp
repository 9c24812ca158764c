#include "flotilla/shop/order/idempotency.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace flotilla::shop::order {

KeyVerdict verdict_on(const std::optional<KeyRow>& known, std::string_view body_sha256, WallTime now) {
    if (!known) return KeyVerdict::fresh;
    if (known->expires_at <= now) return KeyVerdict::expired;
    if (known->body_sha256 != body_sha256) return KeyVerdict::misuse;
    return known->state == KeyState::done ? KeyVerdict::replay : KeyVerdict::running;
}

Outcome<void> check_key(std::string_view key) {
    const bool printable = std::ranges::all_of(key, [](char c) { return c >= ' ' && c <= '~'; });
    if (key.empty() || key.size() > longest_key || !printable) {
        return refuse(Problem::invalid(
            {{"Idempotency-Key",
              fmt::format("Idempotency-Key must have 1 to {} printable characters", longest_key)}}
        ));
    }
    return {};
}

Problem key_misused() {
    return Problem(
        http::Status::unprocessable_content,
        "IDEMPOTENCY_KEY_REUSED",
        "The Idempotency-Key was used for another order"
    );
}

Problem still_running() {
    return Problem(http::Status::conflict, "REQUEST_IN_PROGRESS", "The first request is not answered yet")
        .header("Retry-After", "1");
}

}  // namespace flotilla::shop::order
