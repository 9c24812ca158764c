#include "decryption.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "flotilla/config/masking.hpp"
#include "flotilla/crypto/text_cipher.hpp"
#include "quiet_service.hpp"

namespace flotilla::service {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* key = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr const char* cipher_of_1234 =
    "{cipher}0c7649b1698b8df8337716a26eafba4a90499ea5df3eff8d8492abfe0fff978a";

using Files = std::map<std::string, std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

Result<config::Environment> load(
    Files files, std::vector<std::string> arguments = {}, Variables variables = {}
) {
    return load_decrypted(
        {.arguments = std::move(arguments),
         .variables = std::move(variables),
         .files = std::make_shared<config::MemoryFiles>(std::move(files))}
    );
}

std::string yaml(std::string_view more = {}) {
    return "spring.datasource.password: '" + std::string(cipher_of_1234) + "'\n" + std::string(more);
}

TEST(Decryption, ValuesArePlainWhereverTheKeyIsConfigured) {
    const std::string from_file = "encrypt.key: " + std::string(key);
    const auto by_file = load({{"application.yml", yaml(from_file)}});
    const auto by_line = load({{"application.yml", yaml()}}, {"--encrypt.key=" + std::string(key)});
    const auto by_variable = load({{"application.yml", yaml()}}, {}, {{"ENCRYPT_KEY", key}});
    for (const auto* loaded : {&by_file, &by_line, &by_variable}) {
        ASSERT_TRUE(*loaded) << loaded->error().message();
        EXPECT_EQ((*loaded)->get("spring.datasource.password"), "1234");
    }
    const auto on_line =
        load({}, {"--encrypt.key=" + std::string(key), "--a=" + std::string(cipher_of_1234)});
    EXPECT_EQ(on_line->get("a"), "1234");
    const auto salted = load({{"application.yml", yaml("encrypt.salt: beef\n" + from_file)}});
    EXPECT_FALSE(salted) << "another salt is another key";
}

TEST(Decryption, WhatWasDecryptedStaysASecret) {
    const auto loaded = load(
        {{"application.yml", yaml("greeting: '" + std::string(cipher_of_1234) + "'")}},
        {"--encrypt.key=" + std::string(key)}
    );
    ASSERT_TRUE(loaded);
    const auto found = loaded->find("greeting");
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->property->encrypted);
    for (const char* name :
         {"encrypt.key", "ENCRYPT_KEY", "encrypt.key-store.password", "encrypt.key-store.secret"})
        EXPECT_TRUE(config::is_sensitive(name)) << name;
}

TEST(Decryption, ARefreshDecryptsToo) {
    auto files = std::make_shared<config::MemoryFiles>();
    files->put("application.yml", "a: b\n");
    auto loaded = load_decrypted({.arguments = {"--encrypt.key=" + std::string(key)}, .files = files});
    ASSERT_TRUE(loaded);
    files->put("application.yml", "a: '" + std::string(cipher_of_1234) + "'\n");
    ASSERT_TRUE(loaded->refresh());
    EXPECT_EQ(loaded->get("a"), "1234");
    files->put("application.yml", "a: '{cipher}00ff'\n");
    EXPECT_FALSE(loaded->refresh());
    EXPECT_EQ(loaded->get("a"), "1234") << "nothing has changed";
}

TEST(Decryption, ARefreshWithoutAKeyIsRefused) {
    auto files = std::make_shared<config::MemoryFiles>();
    files->put("application.yml", "a: b\n");
    auto loaded = load_decrypted({.files = files});
    ASSERT_TRUE(loaded);
    files->put("application.yml", "a: '" + std::string(cipher_of_1234) + "'\n");
    EXPECT_FALSE(loaded->refresh());
    EXPECT_EQ(loaded->get("a"), "b") << "it is not served as it is written";
}

TEST(Decryption, S03_AValueThatCannotBeDecryptedEndsTheStartByItsNameAlone) {
    const auto wrong = load({{"application.yml", yaml()}}, {"--encrypt.key=another"});
    const auto broken = load(
        {{"application.yml", "spring.datasource.password: '{cipher}00ff'"}},
        {"--encrypt.key=" + std::string(key)}
    );
    const auto keyless = load({{"application.yml", yaml()}});
    for (const auto* loaded : {&wrong, &broken, &keyless}) {
        ASSERT_FALSE(*loaded);
        const std::string message = loaded->error().message();
        EXPECT_THAT(message, HasSubstr("spring.datasource.password"));
        EXPECT_THAT(message, HasSubstr("application.yml"));
        EXPECT_THAT(message, Not(HasSubstr("0c7649")));
        EXPECT_THAT(message, Not(HasSubstr("00ff")));
    }
    EXPECT_THAT(keyless.error().message(), HasSubstr("encrypt.key"));
}

TEST(Decryption, FailOnErrorFalseLeavesItEmpty) {
    for (const char* given : {"--encrypt.key=another", "--unrelated=1"}) {
        const auto loaded =
            load({{"application.yml", yaml("a: b")}}, {given, "--encrypt.fail-on-error=false"});
        ASSERT_TRUE(loaded) << loaded.error().message();
        EXPECT_EQ(loaded->get("spring.datasource.password"), "");
        EXPECT_THAT(undecipherable(*loaded), testing::ElementsAre("spring.datasource.password"));
    }
}

TEST(Decryption, CanBeTurnedOff) {
    const auto loaded = load(
        {{"application.yml", yaml()}}, {"--spring.cloud.decrypt-environment-post-processor.enabled=false"}
    );
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->get("spring.datasource.password"), cipher_of_1234);
}

TEST(Decryption, APublicKeyIsRefusedByTheNameOfItsProperty) {
    const auto loaded = load({}, {"--encrypt.key=ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCzfWg7 application"});
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message(), HasSubstr("encrypt.key"));
    EXPECT_THAT(loaded.error().message(), Not(HasSubstr("AAAAB3")));
}

TEST(Decryption, AKeyStoreHoldsTheKey) {
    std::ifstream in(FLOTILLA_SOURCE_DIR "/../crypto/tests/data/keystore.p12", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto store = crypto::KeyStore::from_pkcs12(bytes, "letmein");
    ASSERT_TRUE(store);
    const auto rsa = *store->key("k1");
    const auto plain_cipher = crypto::make_rsa_cipher(rsa);
    const auto strong_cipher =
        crypto::make_rsa_cipher(rsa, {.padding = crypto::RsaPadding::oaep, .strong = true, .salt = "s"});
    const auto with = [&](const crypto::TextCipher& cipher, std::vector<std::string> more) {
        std::vector<std::string> arguments{
            "--encrypt.key-store.location=file:keys/keystore.p12",
            "--encrypt.key-store.password=letmein",
            "--encrypt.key-store.alias=k1"
        };
        arguments.insert(arguments.end(), more.begin(), more.end());
        return load(
            {{"application.yml", "a: '{cipher}" + *cipher.encrypt("1234") + "'"}, {"keys/keystore.p12", bytes}
            },
            std::move(arguments)
        );
    };
    const auto plain = with(*plain_cipher, {});
    ASSERT_TRUE(plain) << plain.error().message();
    EXPECT_EQ(plain->get("a"), "1234");
    const std::vector<std::string> strong_options{
        "--encrypt.rsa.algorithm=OAEP", "--encrypt.rsa.strong=true", "--encrypt.rsa.salt=s"
    };
    const auto strong = with(*strong_cipher, strong_options);
    ASSERT_TRUE(strong) << strong.error().message();
    EXPECT_EQ(strong->get("a"), "1234");
    EXPECT_FALSE(with(*strong_cipher, {}));
    EXPECT_FALSE(with(*plain_cipher, {"--encrypt.rsa.algorithm=ROT13"}));
    EXPECT_FALSE(with(*plain_cipher, {"--encrypt.key-store.alias=nobody"}));
    const auto missing = with(*plain_cipher, {"--encrypt.key-store.location=nowhere.p12"});
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message(), HasSubstr("encrypt.key-store"));
    EXPECT_THAT(missing.error().message(), Not(HasSubstr("letmein")));
}

TEST(Decryption, AServiceServesThePlainText) {
    auto options = test_support::quietly({.name = "test"}, {"--encrypt.key=" + std::string(key)});
    auto files = std::make_shared<config::MemoryFiles>();
    files->put("application.yml", "greeting.message: '" + std::string(cipher_of_1234) + "'\n");
    options.files = files;
    Service service(options);
    EXPECT_EQ(service.environment().get("greeting.message"), "1234");

    files->put("application.yml", "greeting.message: '{cipher}nonsense'\n");
    Service broken(options);
    bool started = false;
    broken.on_start([&] { started = true; });
    EXPECT_EQ(broken.run(), 1);
    EXPECT_FALSE(started);
}

}  // namespace
}  // namespace flotilla::service
