#pragma once
/// Settings of tokens: `token.*`, the same in the gateway and in every service.

#include <chrono>
#include <string>
#include <vector>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/secret.hpp"

namespace flotilla::shop {

struct TokenConfig {
    reflect::Secret secret{};
    std::string secret_encoding = "raw";
    std::vector<reflect::Secret> previous_secrets{};
    std::chrono::milliseconds expiration_time{86'400'000};
    std::chrono::milliseconds leeway{30'000};
    std::vector<std::string> algorithms{};
    std::string issuer{};
    std::string audience{};
    std::string min_key_check = "warn";
};

FLT_DESCRIBE_CONFIG(
    TokenConfig,
    (secret, "What tokens are signed with; the same in every service and in the gateway."),
    (secret_encoding, "How the secret becomes a key: raw, base64 or base64-text."),
    (previous_secrets, "Secrets whose tokens are still good, while they are being replaced."),
    (expiration_time, "How long a token is good."),
    (leeway, "How far clocks may be apart."),
    (algorithms, "Algorithms of tokens that are accepted; none: the one that the secret is for."),
    (issuer, "The issuer of tokens that are accepted; empty: any."),
    (audience, "The audience of tokens that are accepted; empty: any."),
    (min_key_check,
     "What is done about a key that is too short for its algorithm: warn, or error.",
     pattern("warn|error"))
)

}  // namespace flotilla::shop
