#pragma once
/// `Idempotency-Key`: a request that is sent again is answered again, not done again. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/problem.hpp"

namespace flotilla::shop::order {

inline constexpr std::size_t longest_key = 128;

enum class KeyState { running, done };

FLT_DESCRIBE_ENUM_UPPER(KeyState, running, done)

/// A row of the table `idempotency_key`: written in the order's own transaction. An answer is written to it
/// with the state of the order that it tells of; not for a confirmed order, which tells it by itself.
struct KeyRow {
    std::string user_id;
    std::string idem_key;
    std::string body_sha256;
    KeyState state = KeyState::running;
    std::optional<int> status{};
    std::optional<std::string> response{};
    std::optional<std::string> order_id{};
    WallTime expires_at{};
};

FLT_DESCRIBE(KeyRow, user_id, idem_key, body_sha256, state, status, response, order_id, expires_at)

enum class KeyVerdict {
    fresh,    ///< nobody has used it
    expired,  ///< used long ago: the row goes, the key is fresh
    replay,   ///< give the stored answer
    running,  ///< ask the order: confirmed, or the first request is not answered yet
    misuse,   ///< the same key with another body
};

KeyVerdict verdict_on(const std::optional<KeyRow>& known, std::string_view body_sha256, WallTime now);

/// 1 to 128 printable characters; 400 otherwise.
Outcome<void> check_key(std::string_view key);

/// 422.
Problem key_misused();
/// 409 with `Retry-After: 1`.
Problem still_running();

}  // namespace flotilla::shop::order
