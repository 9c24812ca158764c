#include <benchmark/benchmark.h>

#include "flotilla/crypto/digest.hpp"
#include "flotilla/crypto/jwt.hpp"
#include "flotilla/crypto/password.hpp"
#include "flotilla/crypto/text_cipher.hpp"

namespace flotilla::crypto {

namespace {

using reflect::Json;

void jwt_verify(benchmark::State& state) {
    const auto algorithm = static_cast<JwtAlgorithm>(state.range(0));
    const JwtKey key = algorithm == JwtAlgorithm::rs256 ? JwtKey::rsa(*RsaKey::generate())
                                                        : *JwtKey::hmac(std::string(64, 'k'));
    const std::string token = *sign_jwt(
        key,
        algorithm,
        Json::object({{"sub", "11111111-2222-3333-4444-555555555555"}, {"exp", 4'102'444'800}})
    );
    const JwtVerifier verifier({.algorithms = {algorithm}}, {key}, Clock::system());
    for (auto _ : state) benchmark::DoNotOptimize(verifier.verify(token));
    state.SetLabel(std::string(to_string(algorithm)));
}

BENCHMARK(jwt_verify)->DenseRange(0, 3);

void sha256_of_1_kib(benchmark::State& state) {
    const std::string data(1024, 'x');
    for (auto _ : state) benchmark::DoNotOptimize(digest(Hash::sha256, data));
}

BENCHMARK(sha256_of_1_kib);

void symmetric_decrypt(benchmark::State& state) {
    const auto cipher = *make_symmetric_cipher("key");
    const std::string text = *cipher->encrypt("1234");
    for (auto _ : state) benchmark::DoNotOptimize(cipher->decrypt(text));
}

BENCHMARK(symmetric_decrypt);

void bcrypt_verify_cost_10(benchmark::State& state) {
    const std::string hash = *hash_password("test1111");
    for (auto _ : state) benchmark::DoNotOptimize(verify_password("test1111", hash));
}

BENCHMARK(bcrypt_verify_cost_10)->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace flotilla::crypto
