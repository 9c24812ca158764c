#pragma once
/// Tokens that have been verified, so that the next request with one of them costs a look-up and no
/// signature.

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/crypto/jwt.hpp"

namespace flotilla::gateway {

/// Of one verifier. Its time is looked at each time; what has been refused is not remembered. Safe on any
/// thread.
class VerifiedTokens {
public:
    using Token = std::shared_ptr<const crypto::Jwt>;

    /// So many are remembered at most, the latest of those that share a place.
    static constexpr std::size_t places = 2048;
    /// Longer ones are verified each time.
    static constexpr std::size_t longest = 2048;

    /// Null when it is refused.
    Token verify(const crypto::JwtVerifier& verifier, std::string_view token);

private:
    struct Entry {
        std::string text;
        Token token;
    };

    struct alignas(64) Shard {
        std::mutex mutex;
        std::vector<Entry> entries;  // none before the first token
    };

    static constexpr std::size_t shard_count = 16;

    std::array<Shard, shard_count> shards_;
};

}  // namespace flotilla::gateway
